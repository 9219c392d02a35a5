//! Finding and opening what is there.

use std::path::Path;

use cachefs_vfs::{Access, Errno, FileId, FileKind, Name, Object, OpenHow, RenameHow};

use super::Case;
use super::bench::{Bench, contents, name, owner};
use super::failure::{Failure, Outcome, fails, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("a missing name is ENOENT for every verb", missing),
    Case::new("a file is no directory", not_a_directory),
    Case::new("a directory opens for attributes only", directory_as_file),
    Case::needing("a symlink is never followed", |caps| caps.symlinks, symlink_not_followed),
    Case::new("an open answers the attributes", open_answers_attr),
    Case::new("names may have 255 bytes of any kind", odd_names),
    Case::new("the root is a directory and stat_fs is sane", root_and_stat_fs),
    Case::needing("a file is found by identity wherever it went", |caps| caps.open_id, open_id),
    Case::needing("an identity that is gone is ESTALE", |caps| caps.open_id, open_id_gone),
];

fn missing(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    fails(root.attr_of("x"), Errno::NOENT)?;
    fails(root.dir(name("x")), Errno::NOENT)?;
    fails(root.open(name("x"), OpenHow::new(Access::Read)), Errno::NOENT)?;
    fails(root.open(name("x"), OpenHow::new(Access::Path)), Errno::NOENT)?;
    fails(root.delete("x"), Errno::NOENT)?;
    fails(root.delete_dir("x"), Errno::NOENT)?;
    fails(root.mv("x", "y", RenameHow::Replace), Errno::NOENT)?;
    if bench.caps.hard_links {
        fails(root.link("x", "y"), Errno::NOENT)?;
    }
    if bench.caps.symlinks {
        fails(root.read_link(name("x")), Errno::NOENT)?;
    }
    Ok(())
}

fn not_a_directory(bench: &Bench<'_>) -> Outcome {
    bench.root.make("f")?;
    fails(bench.root.dir(name("f")), Errno::NOTDIR)
}

fn directory_as_file(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.sub("d")?;
    for access in [Access::Read, Access::Write, Access::ReadWrite] {
        fails(root.open(name("d"), OpenHow::new(access)), Errno::ISDIR)?;
    }
    let opened = root.open(name("d"), OpenHow::new(Access::Path))?;
    same(opened.attr.kind, FileKind::Directory)?;
    same(opened.handle.attr()?.id, root.attr_of("d")?.id)
}

fn symlink_not_followed(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"bytes")?;
    root.sub("d")?;
    root.symlink(name("to_file"), Path::new("f"), &owner())?;
    root.symlink(name("to_dir"), Path::new("d"), &owner())?;
    same(root.attr_of("to_file")?.kind, FileKind::Symlink)?;
    same(root.attr_of("to_file")?.size, 1)?;
    fails(root.open(name("to_file"), OpenHow::new(Access::Read)), Errno::LOOP)?;
    fails(root.dir(name("to_dir")), Errno::NOTDIR)?;
    let opened = root.open(name("to_file"), OpenHow::new(Access::Path))?;
    same(opened.attr.kind, FileKind::Symlink)?;
    same(opened.handle.attr()?.id, root.attr_of("to_file")?.id)
}

fn open_answers_attr(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.put("f", b"bytes")?;
    let sub = root.sub("d")?;
    let opened = root.open(name("f"), OpenHow::new(Access::Read))?;
    same((opened.attr.kind, opened.attr.size), (FileKind::Regular, 5))?;
    same(opened.attr.id, root.attr_of("f")?.id)?;
    let opened = root.dir(name("d"))?;
    same(opened.attr.id, sub.attr()?.id)
}

fn odd_names(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let long = "x".repeat(255);
    let names = [long.as_str(), " ", "...", "a\nb", "-rf", "\u{e4}", "*"];
    for odd in names {
        root.put(odd, odd.as_bytes())?;
    }
    for odd in names {
        same_bytes(&root.bytes(odd)?, odd.as_bytes())?;
    }
    same(root.names()?.len(), names.len())?;
    fails(Name::new(&"x".repeat(256)), Errno::NAMETOOLONG)
}

fn root_and_stat_fs(bench: &Bench<'_>) -> Outcome {
    same(bench.root.attr()?.kind, FileKind::Directory)?;
    same(bench.fs.root()?.attr()?.id, bench.root.attr()?.id)?;
    let stat = bench.fs.stat_fs()?;
    same(stat.name_max, 255)?;
    same(stat.fragment_size > 0 && stat.block_size > 0, true)?;
    same(stat.blocks_available <= stat.blocks && stat.blocks_free <= stat.blocks, true)
}

fn open_id(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    root.put("f", b"bytes")?;
    let id = root.attr_of("f")?.id;
    root.mv_to("f", &sub, "g", RenameHow::Replace)?;
    let found = bench.fs.open_id(id)?;
    same(found.attr.id, id)?;
    let Object::File(file) = found.handle else { return Err(Failure::new("found a directory")) };
    same_bytes(&contents(&*file)?, b"bytes")?;
    let found = bench.fs.open_id(FileId { generation: 0, ..id })?;
    same(found.attr.id, id)?;
    let found = bench.fs.open_id(sub.attr()?.id)?;
    let Object::Dir(dir) = found.handle else { return Err(Failure::new("found a file")) };
    same(dir.stat(name("g"))?.id, id)
}

fn open_id_gone(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    let id = root.attr_of("f")?.id;
    root.delete("f")?;
    fails(bench.fs.open_id(id), Errno::STALE)?;
    root.make("g")?;
    fails(bench.fs.open_id(id), Errno::STALE)?;
    fails(bench.fs.open_id(FileId { device: id.device ^ 0xffff_ffff, ..id }), Errno::STALE)
}
