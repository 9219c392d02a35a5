//! `MemFs` from outside: what each verb does, and what it answers to misuse.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking; its numbers are small"
)]

use std::sync::Arc;

use cachefs_vfs::{
    Access, CreateHow, Errno, Groups, MemFs, Mode, Name, OpenHow, Owner, Result, VDir, VFile, Vfs,
};

mod bytes;
mod changes;
mod limits;
mod listing;
mod nodes;
mod rename;
mod threads;

fn root(fs: &MemFs) -> Arc<dyn VDir> {
    fs.root().unwrap()
}

fn n(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn owner(uid: u32, gid: u32, umask: u32) -> Owner {
    Owner { uid: Some(uid), gid: Some(gid), groups: Groups::None, umask: Some(Mode::new(umask)) }
}

fn create(dir: &dyn VDir, name: &str) -> Arc<dyn VFile> {
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o666), exclusive: true };
    dir.create(n(name), how, &owner(0, 0, 0o022)).unwrap().handle
}

fn make_dir(dir: &dyn VDir, name: &str) -> Arc<dyn VDir> {
    dir.make_dir(n(name), Mode::new(0o777), &owner(0, 0, 0o022)).unwrap();
    dir.dir(n(name)).unwrap().handle
}

fn names(dir: &dyn VDir) -> Vec<String> {
    let mut names = Vec::new();
    dir.read_dir(cachefs_vfs::Cookie::START, &mut |entry| {
        names.push(entry.name.to_string());
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    names
}

#[track_caller]
fn refused<T>(result: Result<T>, errno: Errno) {
    assert_eq!(result.err().map(|error| error.errno()), Some(errno));
}
