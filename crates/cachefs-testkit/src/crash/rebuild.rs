use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::Arc;

use cachefs_vfs::{
    Access, FileKind, MemFs, Mode, Name, NodeKind, OpenHow, Owner, Privileges, RemoveKind, RenameHow, Result,
    SetAttr, SetTime, VDir, VFile, VNode, Vfs, XattrHow,
};

use super::bytes::SECTOR;
use super::disk::Disk;
use super::log::{Log, Survivor, Survivors};
use super::names::Tree;
use super::ticker::Ticker;

impl Disk {
    /// A filesystem with what survived, each inode under its number.
    pub(super) fn rebuild(old: &Self, survivors: Survivors) -> Self {
        let survivors = reachable(survivors);
        let root = survivors.inodes.first_key_value().and_then(|(_, root)| root.meta.attr.btime);
        old.ticker.fix(root);
        let mem = Self::memory(&old.ticker);
        let built = build(&mem, &old.ticker, &survivors);
        old.ticker.fix(None);
        built.unwrap_or_else(|error| panic!("putting together what survived: {error}"));
        Self::again(old, mem, Log::of(survivors))
    }
}

/// Without the inodes that have no name, names of inodes that are lost, and second names of directories.
fn reachable(survivors: Survivors) -> Survivors {
    let Survivors { tree, mut inodes, last_inode } = survivors;
    let Some(&root) = inodes.keys().next() else { return Survivors { tree, inodes, last_inode } };
    let (mut seen, mut todo, mut kept) = (BTreeSet::from([root]), vec![root], Tree::new());
    while let Some(dir) = todo.pop() {
        let names = kept.entry(dir).or_default();
        for (name, inode) in tree.get(&dir).into_iter().flatten() {
            let Some(found) = inodes.get(inode) else { continue };
            let new = seen.insert(*inode);
            let is_dir = found.meta.attr.kind.is_dir();
            if new || !is_dir {
                names.insert(name.clone(), *inode);
            }
            todo.extend((new && is_dir).then_some(*inode));
        }
    }
    inodes.retain(|inode, _| seen.contains(inode));
    Survivors { tree: kept, inodes, last_inode }
}

/// Makes all inodes in the order of their numbers, gives them their places, then all else, and their times at last.
fn build(mem: &MemFs, ticker: &Ticker, survivors: &Survivors) -> Result<()> {
    let root = mem.root()?;
    let root_inode = root.attr()?.id.inode;
    for inode in root_inode + 1..=survivors.last_inode {
        make(&*root, ticker, inode, survivors.inodes.get(&inode))?;
    }
    let mut nodes = BTreeMap::<u64, Arc<dyn VFile>>::new();
    for &inode in survivors.inodes.keys().filter(|inode| **inode != root_inode) {
        let name = place(inode);
        nodes.insert(inode, root.open(Name::new(&name)?, OpenHow::new(Access::Path))?.handle);
    }
    name_all(&root, root_inode, &survivors.tree)?;
    for (inode, survivor) in &survivors.inodes {
        match nodes.get(inode) {
            Some(node) => {
                fill(&**node, survivor)?;
                dress(&**node, ticker, survivor)?;
            }
            None => dress(&*root, ticker, survivor)?,
        }
    }
    Ok(())
}

/// Where an inode is until it gets its names.
fn place(inode: u64) -> OsString {
    OsString::from(format!(".\u{1}being put together {inode}"))
}

/// Makes an inode, or uses its number up.
fn make(root: &dyn VDir, ticker: &Ticker, inode: u64, survivor: Option<&Survivor>) -> Result<()> {
    let (name, owner) = (place(inode), Owner::process());
    let name = Name::new(&name)?;
    let Some(Survivor { meta, target, .. }) = survivor else {
        root.make_node(name, NodeKind::Fifo, Mode::new(0), &owner)?;
        return root.remove(name, RemoveKind::File);
    };
    ticker.fix(meta.attr.btime);
    let mode = Mode::new(0o600);
    let made = match meta.attr.kind {
        FileKind::Directory => root.make_dir(name, mode, &owner),
        FileKind::Symlink => root.symlink(name, target, &owner),
        FileKind::Regular => root.make_node(name, NodeKind::Regular, mode, &owner),
        FileKind::Fifo => root.make_node(name, NodeKind::Fifo, mode, &owner),
        FileKind::Socket => root.make_node(name, NodeKind::Socket, mode, &owner),
        FileKind::CharDevice => root.make_node(name, NodeKind::CharDevice(meta.attr.device), mode, &owner),
        FileKind::BlockDevice => root.make_node(name, NodeKind::BlockDevice(meta.attr.device), mode, &owner),
    }?;
    assert_eq!(made.id.inode, inode, "numbers are given out in order");
    Ok(())
}

/// Gives what is in the root, and below, its names: the first by moving it there, others as links.
fn name_all(root: &Arc<dyn VDir>, inode: u64, tree: &Tree) -> Result<()> {
    let mut todo = vec![(Arc::clone(root), inode)];
    let mut first = BTreeMap::<u64, (Arc<dyn VDir>, OsString)>::new();
    while let Some((dir, inode)) = todo.pop() {
        for (name, &child) in tree.get(&inode).into_iter().flatten() {
            let to = Name::new(name)?;
            if let Some((at, name)) = first.get(&child) {
                at.hard_link(Name::new(name)?, &*dir, to)?;
            } else {
                let from = place(child);
                root.rename(Name::new(&from)?, &*dir, to, RenameHow::NoReplace)?;
                first.insert(child, (Arc::clone(&dir), name.clone()));
            }
            if tree.contains_key(&child) {
                todo.push((dir.dir(to)?.handle, child));
            }
        }
    }
    Ok(())
}

/// Writes the bytes of a regular file.
fn fill(node: &dyn VFile, survivor: &Survivor) -> Result<()> {
    if !survivor.meta.attr.kind.is_regular() {
        return Ok(());
    }
    let file = node.reopen(OpenHow::new(Access::Write))?;
    file.set_len(survivor.remains.length, Privileges::Keep)?;
    for (index, sector) in &survivor.remains.sectors {
        file.write_at(sector, index * SECTOR, Privileges::Keep)?;
    }
    Ok(())
}

/// Sets attributes and times.
fn dress(node: &(impl VNode + ?Sized), ticker: &Ticker, survivor: &Survivor) -> Result<()> {
    let attr = &survivor.meta.attr;
    ticker.fix(Some(attr.ctime));
    node.set_attr(&SetAttr { uid: Some(attr.uid), gid: Some(attr.gid), ..SetAttr::default() })?;
    for (key, value) in survivor.meta.xattrs.iter() {
        node.set_xattr(key, value, XattrHow::Set)?;
    }
    let mode = (attr.kind != FileKind::Symlink).then_some(attr.mode);
    let (atime, mtime) = (Some(SetTime::To(attr.atime)), Some(SetTime::To(attr.mtime)));
    node.set_attr(&SetAttr { mode, atime, mtime, ..SetAttr::default() })?;
    Ok(())
}
