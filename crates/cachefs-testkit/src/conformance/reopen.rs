//! Another handle of what a handle stands for, whatever became of its names.

use std::path::Path;

use cachefs_vfs::{Access, Errno, FileKind, Mode, OpenHow, Privileges, RenameHow, Result, SetAttr, VFile};

use super::Case;
use super::bench::{Bench, contents, name, owner};
use super::failure::{Outcome, fails, fails_with, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("a file opened for attributes reopens to be read and written", more),
    Case::new("a file opened for both reopens for less", less),
    Case::new("a file reopens where it was moved to", renamed),
    Case::new("a file that was replaced reopens with its own bytes", replaced),
    Case::new("an unlinked file reopens while it is open", unlinked),
    Case::new("a reopened handle outlives the one it is from", outlives),
    Case::new("a file nobody may read reopens for attributes, and for root for all", modeless),
    Case::new("a file opened past caches reopens from any handle", direct),
    Case::new("no reopening cuts a file", truncate),
    Case::new("a directory reopens for attributes only", directory),
    Case::needing("a symlink reopens for attributes only", |caps| caps.symlinks, symlink),
];

type Again = Result<std::sync::Arc<dyn VFile>>;

fn again(file: &dyn VFile, access: Access) -> Again {
    file.reopen(OpenHow::new(access))
}

fn more(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    let path = root.opened("f", Access::Path)?;
    let reader = again(&*path, Access::Read)?;
    same_bytes(&contents(&*reader)?, b"abc")?;
    fails(reader.write_at(b"X", 0, Privileges::Keep), Errno::BADF)?;
    let both = again(&*reader, Access::ReadWrite)?;
    both.write_at(b"X", 0, Privileges::Keep)?;
    same_bytes(&contents(&*both)?, b"Xbc")?;
    let writer = again(&*path, Access::Write)?;
    writer.append(b"!", Privileges::Keep)?;
    fails(writer.read_at(&mut [0; 4], 0), Errno::BADF)?;
    same_bytes(&contents(&*reader)?, b"Xbc!")?;
    same(path.attr()?.size, 4)
}

fn less(bench: &Bench<'_>) -> Outcome {
    let both = bench.root.put("f", b"abc")?;
    let path = again(&*both, Access::Path)?;
    let reader = again(&*both, Access::Read)?;
    drop(both);
    same_bytes(&contents(&*reader)?, b"abc")?;
    fails(reader.write_at(b"X", 0, Privileges::Keep), Errno::BADF)?;
    fails(path.read_at(&mut [0; 4], 0), Errno::BADF)?;
    fails(path.write_at(b"X", 0, Privileges::Keep), Errno::BADF)?;
    same(path.attr()?.id, bench.root.attr_of("f")?.id)
}

fn renamed(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    root.put("f", b"abc")?;
    let path = root.opened("f", Access::Path)?;
    root.mv_to("f", &sub, "g", RenameHow::Replace)?;
    root.put("f", b"other")?;
    same_bytes(&contents(&*again(&*path, Access::Read)?)?, b"abc")?;
    again(&*path, Access::ReadWrite)?.write_at(b"X", 0, Privileges::Keep)?;
    same_bytes(&sub.bytes("g")?, b"Xbc")?;
    same_bytes(&root.bytes("f")?, b"other")
}

fn replaced(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"old bytes")?;
    let path = root.opened("f", Access::Path)?;
    for new in [&b"new"[..], b"newer"] {
        root.put("g", new)?;
        root.mv("g", "f", RenameHow::Replace)?;
        same_bytes(&contents(&*again(&*path, Access::Read)?)?, b"old bytes")?;
        same_bytes(&root.bytes("f")?, new)?;
    }
    again(&*path, Access::Write)?.write_at(b"OLD", 0, Privileges::Keep)?;
    same_bytes(&contents(&*again(&*path, Access::Read)?)?, b"OLD bytes")?;
    same_bytes(&root.bytes("f")?, b"newer")
}

fn unlinked(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    let path = root.opened("f", Access::Path)?;
    root.delete("f")?;
    let both = again(&*path, Access::ReadWrite)?;
    same_bytes(&contents(&*both)?, b"abc")?;
    both.append(b"!", Privileges::Keep)?;
    same_bytes(&contents(&*again(&*both, Access::Read)?)?, b"abc!")?;
    same(again(&*both, Access::Path)?.attr()?.links, 0)
}

fn outlives(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    let path = root.opened("f", Access::Path)?;
    root.delete("f")?;
    let reader = again(&*path, Access::Read)?;
    drop(path);
    same_bytes(&contents(&*reader)?, b"abc")?;
    let path = again(&*reader, Access::Path)?;
    drop(reader);
    same_bytes(&contents(&*again(&*path, Access::Read)?)?, b"abc")
}

fn modeless(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.opened("f", Access::Path)?.set_attr(&SetAttr { mode: Some(Mode::new(0)), ..SetAttr::default() })?;
    let path = root.opened("f", Access::Path)?;
    same(again(&*path, Access::Path)?.attr()?.mode.bits(), 0)?;
    // As by name: who is not root may be refused.
    match root.opened("f", Access::ReadWrite) {
        Ok(_) => same_bytes(&contents(&*again(&*path, Access::ReadWrite)?)?, b"abc"),
        Err(error) => fails(again(&*path, Access::ReadWrite), error.errno()),
    }
}

fn direct(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let file = root.put("f", b"abc")?;
    let path = root.opened("f", Access::Path)?;
    root.delete("f")?;
    let direct = path.reopen(OpenHow { direct: true, ..OpenHow::new(Access::Read) })?;
    same_bytes(&contents(&*direct)?, b"abc")?;
    file.write_at(b"X", 0, Privileges::Keep)?;
    same_bytes(&contents(&*direct)?, b"Xbc")?;
    same_bytes(&contents(&*again(&*direct, Access::Read)?)?, b"Xbc")
}

fn truncate(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    for access in [Access::Path, Access::Read, Access::Write, Access::ReadWrite] {
        let how = OpenHow { truncate: true, ..OpenHow::new(access) };
        fails(file.reopen(how), Errno::INVAL)?;
    }
    same_bytes(&contents(&*file)?, b"abc")
}

fn directory(bench: &Bench<'_>) -> Outcome {
    bench.root.sub("d")?;
    let path = bench.root.opened("d", Access::Path)?;
    fails(again(&*path, Access::Read), Errno::ISDIR)?;
    fails(again(&*path, Access::ReadWrite), Errno::ISDIR)?;
    same(again(&*path, Access::Path)?.attr()?.kind, FileKind::Directory)
}

fn symlink(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"abc")?;
    root.symlink(name("l"), Path::new("f"), &owner())?;
    let path = root.opened("l", Access::Path)?;
    fails_with(again(&*path, Access::Read), &[Errno::LOOP])?;
    same(again(&*path, Access::Path)?.attr()?.kind, FileKind::Symlink)
}
