//! Hard links and symlinks.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cachefs_vfs::{Access, Errno, FileKind, OpenHow, Privileges, RenameHow};

use super::Case;
use super::bench::{Bench, Folder, name, owner};
use super::failure::{Outcome, fails, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::needing("hard links are one file", |caps| caps.hard_links, one_file),
    Case::needing("a hard link refuses directories and taken names", |caps| caps.hard_links, link_refused),
    Case::needing("a hard link to another filesystem is EXDEV", |caps| caps.hard_links, link_elsewhere),
    Case::needing("a symlink holds any bytes", |caps| caps.symlinks, symlink),
    Case::needing("a symlink needs a free name", |caps| caps.symlinks, symlink_refused),
    Case::needing(
        "a symlink can have a second name",
        |caps| caps.symlinks && caps.hard_links,
        second_name_of_symlink,
    ),
];

fn one_file(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    let file = root.put("f", b"abc")?;
    let attr = root.hard_link(name("f"), &*sub.0, name("g"))?;
    same((attr.id, attr.links), (file.attr()?.id, 2))?;
    same(root.attr_of("f")?.links, 2)?;
    same(sub.attr_of("g")?.id, root.attr_of("f")?.id)?;
    let other = sub.opened("g", cachefs_vfs::Access::ReadWrite)?;
    other.write_at(b"X", 1, Privileges::Keep)?;
    same_bytes(&root.bytes("f")?, b"aXc")?;
    other.set_len(2, Privileges::Keep)?;
    same(root.attr_of("f")?.size, 2)?;
    root.delete("f")?;
    same(sub.attr_of("g")?.links, 1)?;
    same_bytes(&sub.bytes("g")?, b"aX")
}

fn link_refused(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.sub("d")?;
    root.make("f")?;
    root.make("g")?;
    fails(root.link("d", "new"), Errno::PERM)?;
    fails(root.link("f", "g"), Errno::EXIST)?;
    fails(root.link("f", "f"), Errno::EXIST)?;
    fails(root.link("f", "d"), Errno::EXIST)?;
    same(root.attr_of("f")?.links, 1)
}

fn link_elsewhere(bench: &Bench<'_>) -> Outcome {
    let subject = bench.other();
    let elsewhere = Folder(subject.fs.root()?);
    bench.root.make("f")?;
    match bench.root.hard_link(name("f"), &*elsewhere.0, name("g")) {
        // Two directories of one disk are one filesystem.
        Ok(_) if bench.root.attr()?.id.device == elsewhere.attr()?.id.device => Ok(()),
        other => fails(other, Errno::XDEV),
    }
}

fn symlink(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let long = "y".repeat(4000);
    for (index, target) in [&b"a"[..], b"../../etc/passwd", b"/", b"\xff\xfe", b"a b\nc", long.as_bytes()]
        .into_iter()
        .enumerate()
    {
        let link = format!("l{index}");
        let target = Path::new(OsStr::from_bytes(target));
        let attr = root.symlink(name(&link), target, &owner())?;
        same((attr.kind, attr.size), (FileKind::Symlink, target.as_os_str().len() as u64))?;
        same(root.read_link(name(&link))?, target.to_path_buf())?;
        let by_path = root.open(name(&link), OpenHow::new(Access::Path))?.handle;
        root.rename(name(&link), &*root.0, name("moved"), RenameHow::Replace)?;
        match by_path.read_link() {
            Err(error) if error.errno() == Errno::OPNOTSUPP => {}
            read => same(read?, target.to_path_buf())?,
        }
    }
    fails(root.symlink(name("empty"), Path::new(""), &owner()), Errno::NOENT)
}

fn symlink_refused(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    root.sub("d")?;
    fails(root.symlink(name("f"), Path::new("x"), &owner()), Errno::EXIST)?;
    fails(root.read_link(name("f")), Errno::INVAL)?;
    fails(root.read_link(name("d")), Errno::INVAL)?;
    match root.open(name("f"), OpenHow::new(Access::Path))?.handle.read_link() {
        Err(error) if error.errno() == Errno::OPNOTSUPP => Ok(()),
        read => fails(read, Errno::INVAL),
    }
}

fn second_name_of_symlink(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let attr = root.symlink(name("l"), Path::new("nowhere"), &owner())?;
    same(root.link("l", "m")?.id, attr.id)?;
    same(root.read_link(name("m"))?, Path::new("nowhere").to_path_buf())
}
