//! Renames.

use cachefs_vfs::{Errno, RenameHow};

use super::Case;
use super::bench::{Bench, Folder};
use super::failure::{Outcome, fails, fails_with, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("rename moves within and between directories", moves),
    Case::new("rename replaces a file", replaces),
    Case::new("rename replaces an empty directory only", replaces_dir),
    Case::new("rename does not turn files into directories", kinds),
    Case::new("rename keeps directories out of themselves", into_itself),
    Case::new("renaming a name to itself does nothing", to_itself),
    Case::needing("renaming one hard link to another does nothing", |caps| caps.hard_links, same_file),
    Case::needing("rename may insist on a free name", |caps| caps.rename_flags, no_replace),
    Case::needing("two names change places", |caps| caps.rename_flags, exchange),
    Case::needing("two directories change places", |caps| caps.rename_flags, exchange_dirs),
    Case::needing("an exchange needs both names", |caps| caps.rename_flags, exchange_refused),
    Case::new("rename to another filesystem is EXDEV", elsewhere),
];

const REPLACE: RenameHow = RenameHow::Replace;

fn moves(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    root.put("f", b"abc")?;
    let id = root.attr_of("f")?.id;
    root.mv("f", "g", REPLACE)?;
    fails(root.attr_of("f"), Errno::NOENT)?;
    same(root.attr_of("g")?.id, id)?;
    root.mv_to("g", &sub, "h", REPLACE)?;
    fails(root.attr_of("g"), Errno::NOENT)?;
    same(sub.attr_of("h")?.id, id)?;
    same_bytes(&sub.bytes("h")?, b"abc")?;
    let other = root.sub("e")?;
    root.mv_to("d", &other, "s", REPLACE)?;
    same(root.names()?.len(), 1)?;
    same_bytes(&other.enter("s")?.bytes("h")?, b"abc")
}

fn replaces(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.put("g", b"other")?;
    let id = root.attr_of("f")?.id;
    root.mv("f", "g", REPLACE)?;
    same(root.attr_of("g")?.id, id)?;
    same_bytes(&root.bytes("g")?, b"abc")?;
    same(root.names()?.len(), 1)
}

fn replaces_dir(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.sub("d")?.make("f")?;
    let full = root.sub("e")?;
    full.make("g")?;
    fails(root.mv("d", "e", REPLACE), Errno::NOTEMPTY)?;
    full.delete("g")?;
    root.mv("d", "e", REPLACE)?;
    fails(root.dir(super::bench::name("d")), Errno::NOENT)?;
    same(root.enter("e")?.names()?.len(), 1)
}

fn kinds(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    root.sub("d")?;
    fails(root.mv("f", "d", REPLACE), Errno::ISDIR)?;
    fails(root.mv("d", "f", REPLACE), Errno::NOTDIR)?;
    same(root.names()?.len(), 2)
}

fn into_itself(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    let deep = sub.sub("s")?;
    fails(root.mv_to("d", &sub, "x", REPLACE), Errno::INVAL)?;
    fails(root.mv_to("d", &deep, "x", REPLACE), Errno::INVAL)?;
    fails(root.mv_to("d", &sub, "s", REPLACE), Errno::INVAL)?;
    fails(sub.mv_to("s", root, "d", REPLACE), Errno::NOTEMPTY)?;
    sub.make("f")?;
    fails_with(sub.mv_to("f", root, "d", REPLACE), &[Errno::NOTEMPTY, Errno::ISDIR])
}

fn to_itself(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.sub("d")?;
    root.mv("f", "f", REPLACE)?;
    root.mv("d", "d", REPLACE)?;
    same_bytes(&root.bytes("f")?, b"abc")?;
    same(root.names()?.len(), 2)
}

fn same_file(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.link("f", "g")?;
    root.mv("f", "g", REPLACE)?;
    same(root.attr_of("f")?.links, 2)?;
    same(root.names()?.len(), 2)
}

fn no_replace(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.put("g", b"other")?;
    fails(root.mv("f", "g", RenameHow::NoReplace), Errno::EXIST)?;
    fails(root.mv("f", "f", RenameHow::NoReplace), Errno::EXIST)?;
    same_bytes(&root.bytes("g")?, b"other")?;
    root.mv("f", "h", RenameHow::NoReplace)?;
    same_bytes(&root.bytes("h")?, b"abc")
}

fn exchange(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    root.put("f", b"abc")?;
    sub.put("g", b"other")?;
    root.mv_to("f", &sub, "g", RenameHow::Exchange)?;
    same_bytes(&root.bytes("f")?, b"other")?;
    same_bytes(&sub.bytes("g")?, b"abc")?;
    root.make("x")?;
    root.mv("x", "d", RenameHow::Exchange)?;
    same_bytes(&root.enter("x")?.bytes("g")?, b"abc")?;
    same_bytes(&root.bytes("d")?, b"")
}

fn exchange_dirs(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let one = root.sub("one")?;
    let other = root.sub("other")?;
    one.put("f", b"one")?;
    other.put("f", b"other")?;
    root.mv("one", "other", RenameHow::Exchange)?;
    same_bytes(&root.enter("one")?.bytes("f")?, b"other")?;
    same_bytes(&one.bytes("f")?, b"one")?;
    same(root.attr_of("other")?.id, one.attr()?.id)?;
    one.sub("s")?;
    fails(root.mv_to("other", &one, "s", RenameHow::Exchange), Errno::INVAL)?;
    fails(one.mv_to("s", root, "other", RenameHow::Exchange), Errno::INVAL)
}

fn exchange_refused(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    fails(root.mv("f", "g", RenameHow::Exchange), Errno::NOENT)?;
    fails(root.mv("g", "f", RenameHow::Exchange), Errno::NOENT)?;
    root.mv("f", "f", RenameHow::Exchange)?;
    same(root.names()?.len(), 1)
}

fn elsewhere(bench: &Bench<'_>) -> Outcome {
    let subject = bench.other();
    let elsewhere = Folder(subject.fs.root()?);
    bench.root.make("f")?;
    match bench.root.mv_to("f", &elsewhere, "f", REPLACE) {
        // Two directories of one disk are one filesystem.
        Ok(()) if bench.root.attr()?.id.device == elsewhere.attr()?.id.device => Ok(()),
        other => fails(other, Errno::XDEV),
    }
}
