//! The program: does what was drawn, and keeps files open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cachefs_vfs::{
    Access, CreateHow, FileId, Mode, Name, OpenHow, Owner, RemoveKind, RenameHow, SetAttr, SetTime, Time,
    VDir, VFile, VfsExt,
};

use crate::machine::Machine;
use crate::model::Model;
use crate::mount::Mount;
use crate::op::{Op, Place, bytes};

/// Handles by file.
#[derive(Default)]
pub(crate) struct Program(BTreeMap<FileId, Arc<dyn VFile>>);

impl Program {
    /// Does one step; of a creation, what it made. What is wrong, or why it failed. What a flush that failed left to
    /// be reported is heard, and the step done again.
    pub(crate) fn run(
        &mut self,
        op: Op,
        mount: &Mount,
        machine: &Machine,
        model: &mut Model,
    ) -> Result<Option<FileId>, String> {
        let reports = matches!(op, Op::Write { .. } | Op::Sync { .. } | Op::SyncDir { .. });
        let mut tries = if reports && mount.has_failed() { 8 } else { 1 };
        loop {
            tries -= 1;
            match self.step(op, mount, machine, model) {
                Err(_) if tries > 0 && !machine.power.is_cut() => {}
                ended => return ended,
            }
        }
    }

    fn step(
        &mut self,
        op: Op,
        mount: &Mount,
        machine: &Machine,
        model: &mut Model,
    ) -> Result<Option<FileId>, String> {
        match op {
            Op::Create { at } => return self.create(mount, at).map(Some),
            Op::Write { file, offset, length, fill, privileges } => {
                let (handle, data) = (self.handle(file, mount, model)?, bytes(fill, length));
                let written = match offset {
                    Some(offset) => handle.write_at(&data, offset, privileges),
                    None => handle.append(&data, privileges),
                };
                let written = written.map_err(text)?;
                expect("written", written, data.len())?;
            }
            Op::SetLen { file, length } => {
                let handle = self.handle(file, mount, model)?;
                let attr = handle.set_len(length, cachefs_vfs::Privileges::Keep).map_err(text)?;
                expect("length", attr.size, length)?;
            }
            Op::OpenCut { at } => {
                let how = OpenHow { truncate: true, ..OpenHow::new(Access::ReadWrite) };
                mount.fs.open(at.path(), how).map_err(text)?;
            }
            Op::Chmod { file, mode } => {
                let set = SetAttr { mode: Some(Mode::new(mode)), ..SetAttr::default() };
                self.handle(file, mount, model)?.set_attr(&set).map_err(text)?;
            }
            Op::SetTime { file, seconds } => {
                let mtime = Some(SetTime::To(Time { seconds, nanos: 5 }));
                let set = SetAttr { mtime, ..SetAttr::default() };
                self.handle(file, mount, model)?.set_attr(&set).map_err(text)?;
            }
            Op::Rename { from, to } => rename(mount, from, to, RenameHow::Replace)?,
            Op::Exchange { from, to } => rename(mount, from, to, RenameHow::Exchange)?,
            Op::Link { from, to } => mount.fs.link(from.path(), to.path()).map_err(text)?,
            Op::Unlink { at } => {
                let name = Name::new(at.name).map_err(text)?;
                dir(mount, at.dir)?.remove(name, RemoveKind::File).map_err(text)?;
            }
            Op::Close { file } => drop(self.0.remove(&file)),
            Op::Sync { file, how } => self.handle(file, mount, model)?.sync(how).map_err(text)?,
            Op::SyncDir { dir: path } => dir(mount, path)?.sync().map_err(text)?,
            Op::FlushAll => mount.flush_all()?,
            Op::FlushFailing { call, fault } => mount.flush_failing(call, fault),
            Op::FlushPath { at } => mount.flush_path(&at.path())?,
            Op::Read { file } => self.read(file, mount, model)?,
            Op::Wait { millis } => machine.clock.advance(Duration::from_millis(millis)),
        }
        Ok(None)
    }

    fn create(&mut self, mount: &Mount, at: Place) -> Result<FileId, String> {
        let open = OpenHow::new(Access::ReadWrite);
        let how = CreateHow { open, mode: Mode::new(0o644), exclusive: true };
        let owner = Owner { umask: Some(Mode::new(0)), ..Owner::process() };
        let name = Name::new(at.name).map_err(text)?;
        let made = dir(mount, at.dir)?.create(name, how, &owner).map_err(text)?;
        self.0.insert(made.attr.id, made.handle);
        Ok(made.attr.id)
    }

    /// The handle that is open, or a new one.
    fn handle(&mut self, file: FileId, mount: &Mount, model: &mut Model) -> Result<Arc<dyn VFile>, String> {
        if let Some(handle) = self.0.get(&file) {
            return Ok(Arc::clone(handle));
        }
        let place = model.place_of(file).ok_or("a file without handle and name")?;
        let handle = mount.fs.open(place.path(), OpenHow::new(Access::ReadWrite)).map_err(text)?;
        expect("identity", handle.attr().map_err(text)?.id, file)?;
        model.open.insert(file);
        self.0.insert(file, Arc::clone(&handle));
        Ok(handle)
    }

    fn read(&mut self, file: FileId, mount: &Mount, model: &mut Model) -> Result<(), String> {
        let handle = self.handle(file, mount, model)?;
        let attr = handle.attr().map_err(text)?;
        let mut buffer = vec![0; model.files[&file].now().len() + 1];
        let read = handle.read_at(&mut buffer, 0).map_err(text)?;
        let known = &model.files[&file];
        expect("size", attr.size, known.now().len() as u64)?;
        expect("mode", attr.mode.bits(), known.mode())?;
        if buffer[..read] != **known.now() {
            return Err(format!("other bytes were read: {read} of {}", known.now().len()));
        }
        Ok(())
    }
}

fn rename(mount: &Mount, from: Place, to: Place, how: RenameHow) -> Result<(), String> {
    let (name, target) = (Name::new(from.name).map_err(text)?, Name::new(to.name).map_err(text)?);
    dir(mount, from.dir)?.rename(name, &*dir(mount, to.dir)?, target, how).map_err(text)
}

fn dir(mount: &Mount, path: &str) -> Result<Arc<dyn VDir>, String> {
    mount.fs.dir(path).map_err(text)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn text(error: cachefs_vfs::Error) -> String {
    format!("{error:?}")
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{what} {found:?} instead of {wanted:?}")) }
}
