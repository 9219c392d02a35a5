//! What an operation that met an error did: all, nothing, or part of it.

use std::path::Path;

use cachefs_vfs::{Access, FileId, FileKind, Name, Object, OpenHow, VDir, VFile, VNode, Vfs};

use super::compare::{Side, compare_tree, compare_xattrs, read_all};
use super::driver::Driver;
use super::node::{Body, NodeId};
use super::tree::{Model, ROOT};

/// Finds the state that the backing is in: `after`, `before`, or one of them with files whose bytes are partly those
/// of the one and partly of the other.
pub(super) fn settle(
    before: &Model,
    after: &Model,
    backing: &dyn Vfs,
    driver: &Driver<'_>,
) -> Result<Model, String> {
    let mut reasons = Vec::new();
    for candidate in [after, before] {
        let mut model = candidate.clone();
        match adopt(&mut model, before, after, backing, driver)
            .and_then(|()| compare_tree(&mut model, backing, Side::Backing))
            .and_then(|()| compare_nameless(&model, backing, driver))
        {
            Ok(()) => {
                model.forget_times();
                return Ok(model);
            }
            Err(reason) => reasons.push(reason),
        }
    }
    Err(format!("the backing is neither as after ({}) nor as before ({})", reasons[0], reasons[1]))
}

/// Compares what has no name any more but is open.
fn compare_nameless(model: &Model, backing: &dyn Vfs, driver: &Driver<'_>) -> Result<(), String> {
    for (slot, file) in model.files.iter().enumerate() {
        if let (Some(file), Some(handle)) = (file, &driver.files[slot])
            && !model.is_alive(file.node)
        {
            let beneath = model.node(file.node).id.and_then(|id| open_id(backing, id));
            compare_node(model, &**beneath.as_ref().unwrap_or(handle), file.node)?;
        }
    }
    for (slot, dir) in model.dirs.iter().enumerate() {
        if let (Some(dir), Some(handle)) = (dir, &driver.dirs[slot])
            && !model.is_alive(*dir)
        {
            compare_node(model, &**handle, *dir)?;
        }
    }
    Ok(())
}

fn compare_node<N: VNode + ?Sized>(model: &Model, handle: &N, id: NodeId) -> Result<(), String> {
    let at = |error: String| format!("an open file without a name: {error}");
    let attr = handle.attr().map_err(|error| at(format!("{error:?}")))?;
    model.compare_attr(id, &attr).map_err(at)?;
    match model.node(id).kind() {
        FileKind::Regular | FileKind::Directory => compare_xattrs(model, handle, id).map_err(at),
        _ => Ok(()),
    }
}

/// Takes the contents of files that the operation changed from the backing, if each byte is an old or a new one.
fn adopt(
    model: &mut Model,
    before: &Model,
    after: &Model,
    backing: &dyn Vfs,
    driver: &Driver<'_>,
) -> Result<(), String> {
    for id in 0..before.node_count() {
        let (old, new) = (before.bytes_of(id), after.bytes_of(id));
        if old == new {
            continue;
        }
        let Some(bytes) = contents(model, id, backing, driver)? else { continue };
        if !is_mix(&bytes, old, new) {
            return Err("a file has bytes that are neither its old nor its new ones".into());
        }
        let whole = bytes == old || bytes == new;
        model.put_bytes(id, bytes);
        model.node_mut(id).perhaps_modified();
        if !whole || before.node(id).mode != after.node(id).mode {
            model.node_mut(id).set_id_known = false;
        }
    }
    Ok(())
}

fn is_mix(bytes: &[u8], old: &[u8], new: &[u8]) -> bool {
    let (short, long) = (old.len().min(new.len()), old.len().max(new.len()));
    let at = |bytes: &[u8], index: usize| bytes.get(index).copied().unwrap_or(0);
    let of_either = |(index, byte): (usize, &u8)| [at(old, index), at(new, index)].contains(byte);
    (short..=long).contains(&bytes.len()) && bytes.iter().enumerate().all(of_either)
}

/// The bytes of a file at the backing: by its name, by its identity, or at last by the handle under test.
fn contents(
    model: &Model,
    id: NodeId,
    backing: &dyn Vfs,
    driver: &Driver<'_>,
) -> Result<Option<Vec<u8>>, String> {
    let failed = |error: cachefs_vfs::Error| format!("reading the backing: {error:?}");
    let read = |file: &dyn VFile| {
        let size = file.attr().map_err(failed)?.size;
        read_all(file, size).map(Some).map_err(failed)
    };
    if let Some(path) = path_of(model, ROOT, id) {
        let (dir, name) = resolve(backing, &path).map_err(failed)?;
        let name = Name::new(name).map_err(failed)?;
        return read(&*dir.open(name, OpenHow::new(Access::Read)).map_err(failed)?.handle);
    }
    if let Some(file) = model.node(id).id.and_then(|file| open_id(backing, file)) {
        return read(&*file);
    }
    let slot = model.files.iter().position(|open| open.is_some_and(|o| o.node == id && o.access.reads()));
    match slot.and_then(|slot| driver.files[slot].as_deref()) {
        Some(file) => read(file),
        None => Ok(None),
    }
}

fn open_id(backing: &dyn Vfs, id: FileId) -> Option<std::sync::Arc<dyn VFile>> {
    match backing.open_id(id).ok()?.handle {
        Object::File(file) => Some(file),
        Object::Dir(_) => None,
    }
}

/// One of the paths of a node.
fn path_of(model: &Model, dir: NodeId, id: NodeId) -> Option<std::path::PathBuf> {
    model.children(dir).iter().find_map(|(name, child)| {
        if *child == id {
            return Some(name.into());
        }
        match model.node(*child).body {
            Body::Dir(_) => path_of(model, *child, id).map(|path| Path::new(name).join(path)),
            _ => None,
        }
    })
}

fn resolve<'a>(
    fs: &dyn Vfs,
    path: &'a Path,
) -> cachefs_vfs::Result<(std::sync::Arc<dyn VDir>, &'a std::ffi::OsStr)> {
    let mut dir = fs.root()?;
    for part in path.parent().unwrap_or(Path::new("")) {
        dir = dir.dir(Name::new(part)?)?.handle;
    }
    Ok((dir, path.file_name().unwrap_or_default()))
}
