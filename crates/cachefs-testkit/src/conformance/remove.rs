//! Removing names.

use cachefs_vfs::{Access, Errno, FileKind, Mode, NodeKind, OpenHow, RemoveKind};

use super::Case;
use super::bench::{Bench, MODE, how, name, owner};
use super::failure::{Outcome, ensure, fails, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("a removed name is gone", gone),
    Case::new("unlink refuses directories, rmdir files", wrong_kind),
    Case::new("rmdir refuses a directory that is not empty", not_empty),
    Case::new("a name used again is another file", another_file),
    Case::new("a removed directory takes no more names", dead_directory),
    Case::needing("symlinks are removed, not what they point to", |caps| caps.symlinks, symlink),
];

fn gone(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.sub("d")?;
    root.delete("f")?;
    root.delete_dir("d")?;
    fails(root.attr_of("f"), Errno::NOENT)?;
    fails(root.open(name("f"), OpenHow::new(Access::Read)), Errno::NOENT)?;
    fails(root.dir(name("d")), Errno::NOENT)?;
    fails(root.delete("f"), Errno::NOENT)?;
    same(root.names()?.len(), 0)
}

fn wrong_kind(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    root.sub("d")?;
    fails(root.delete("d"), Errno::ISDIR)?;
    fails(root.delete_dir("f"), Errno::NOTDIR)?;
    same(root.names()?.len(), 2)
}

fn not_empty(bench: &Bench<'_>) -> Outcome {
    let sub = bench.root.sub("d")?;
    sub.make("f")?;
    fails(bench.root.delete_dir("d"), Errno::NOTEMPTY)?;
    sub.delete("f")?;
    bench.root.delete_dir("d")?;
    Ok(())
}

fn another_file(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    let old = root.attr_of("f")?.id;
    root.delete("f")?;
    root.put("f", b"x")?;
    ensure(root.attr_of("f")?.id != old, "a new file has the identity of the old one")?;
    same_bytes(&root.bytes("f")?, b"x")
}

fn dead_directory(bench: &Bench<'_>) -> Outcome {
    let sub = bench.root.sub("d")?;
    bench.root.make("f")?;
    bench.root.delete_dir("d")?;
    same(sub.attr()?.kind, FileKind::Directory)?;
    fails(sub.create(name("f"), how(Access::ReadWrite, false), &owner()), Errno::NOENT)?;
    fails(sub.make_dir(name("s"), Mode::new(0o755), &owner()), Errno::NOENT)?;
    fails(sub.make_node(name("n"), NodeKind::Regular, MODE, &owner()), Errno::NOENT)?;
    let moved = bench.root.mv_to("f", &sub, "f", cachefs_vfs::RenameHow::Replace);
    fails(moved, Errno::NOENT)?;
    if bench.caps.hard_links {
        fails(bench.root.hard_link(name("f"), &*sub.0, name("f")), Errno::NOENT)?;
    }
    match sub.names() {
        Ok(names) => same(names.len(), 0)?,
        other => fails(other, Errno::NOENT)?,
    }
    same(bench.root.names()?.len(), 1)
}

fn symlink(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.sub("d")?.put("f", b"abc")?;
    root.symlink(name("l"), std::path::Path::new("d"), &owner())?;
    fails(root.remove(name("l"), RemoveKind::Dir), Errno::NOTDIR)?;
    root.delete("l")?;
    same_bytes(&root.enter("d")?.bytes("f")?, b"abc")
}
