//! Files that are open while they lose their name.

use cachefs_vfs::{Access, Mode, Privileges, RenameHow, SetAttr, XattrHow};

use super::Case;
use super::bench::{Bench, contents};
use super::failure::{Outcome, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("an unlinked file stays whole while it is open", unlinked),
    Case::new("an unlinked file has no names and keeps its attributes", attributes),
    Case::new("a file renamed over keeps its bytes for who has it open", renamed_over),
    Case::new("a handle follows its file through renames", follows),
    Case::new("a directory handle follows its directory through renames", dir_follows),
];

fn unlinked(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let file = root.put("f", b"abc")?;
    let reader = root.opened("f", Access::Read)?;
    root.delete("f")?;
    same_bytes(&contents(&*reader)?, b"abc")?;
    file.write_at(b"XYZ", 2, Privileges::Keep)?;
    file.append(b"!", Privileges::Keep)?;
    same_bytes(&contents(&*reader)?, b"abXYZ!")?;
    root.put("f", b"new")?;
    same_bytes(&contents(&*reader)?, b"abXYZ!")?;
    file.set_len(1, Privileges::Keep)?;
    same_bytes(&contents(&*reader)?, b"a")?;
    same_bytes(&root.bytes("f")?, b"new")
}

fn attributes(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let file = root.put("f", b"abc")?;
    let id = file.attr()?.id;
    root.delete("f")?;
    let attr = file.attr()?;
    same((attr.id, attr.links, attr.size), (id, 0, 3))?;
    let set = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
    same(file.set_attr(&set)?.mode.bits(), 0o600)?;
    if bench.caps.xattrs {
        file.set_xattr("user.a".as_ref(), b"x", XattrHow::Set)?;
        same(file.xattr("user.a".as_ref())?, b"x".to_vec())?;
    }
    Ok(())
}

fn renamed_over(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let old = root.put("f", b"old bytes")?;
    root.put("g", b"new")?;
    root.mv("g", "f", RenameHow::Replace)?;
    same_bytes(&contents(&*old)?, b"old bytes")?;
    same((old.attr()?.links, old.attr()?.size), (0, 9))?;
    old.write_at(b"OLD", 0, Privileges::Keep)?;
    same_bytes(&root.bytes("f")?, b"new")?;
    same(root.attr_of("f")?.size, 3)?;
    same_bytes(&contents(&*old)?, b"OLD bytes")
}

fn follows(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    let file = root.put("f", b"abc")?;
    root.mv_to("f", &sub, "g", RenameHow::Replace)?;
    root.put("f", b"other")?;
    file.write_at(b"X", 0, Privileges::Keep)?;
    same_bytes(&sub.bytes("g")?, b"Xbc")?;
    same_bytes(&root.bytes("f")?, b"other")
}

fn dir_follows(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let sub = root.sub("d")?;
    let deep = sub.sub("s")?;
    deep.put("f", b"abc")?;
    root.mv("d", "e", RenameHow::Replace)?;
    root.sub("d")?.sub("s")?;
    same_bytes(&deep.bytes("f")?, b"abc")?;
    deep.put("g", b"new")?;
    same_bytes(&root.enter("e")?.enter("s")?.bytes("g")?, b"new")?;
    same(root.enter("d")?.enter("s")?.names()?.len(), 0)
}
