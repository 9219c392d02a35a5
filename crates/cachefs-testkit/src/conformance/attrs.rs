//! Attributes.

use cachefs_vfs::{Access, Mode, Privileges, SetAttr, SetTime, Time, VFile};

use super::Case;
use super::bench::{Bench, contents, name};
use super::failure::{Outcome, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("a mode is set through every handle", mode),
    Case::new("times are set to the nanosecond", times),
    Case::new("setting nothing changes nothing", nothing),
    Case::new("a file given away belongs to its new owner", give_away),
    Case::new("a change of the contents drops set-id bits if told to", drops_set_id),
    Case::needing("handles for attributes work on symlinks", |caps| caps.symlinks, symlink_times),
];

const PAST: Time = Time { seconds: 1_000_000_000, nanos: 123_456_789 };

fn set_mode(bits: u32) -> SetAttr {
    SetAttr { mode: Some(Mode::new(bits)), ..SetAttr::default() }
}

fn mode(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    let file = root.make("f")?;
    same(file.set_attr(&set_mode(0o600))?.mode.bits(), 0o600)?;
    same(root.attr_of("f")?.mode.bits(), 0o600)?;
    let path = root.opened("f", Access::Path)?;
    same(path.set_attr(&set_mode(0o640))?.mode.bits(), 0o640)?;
    same(file.attr()?.mode.bits(), 0o640)?;
    let dir = root.sub("d")?;
    same(dir.set_attr(&set_mode(0o1777))?.mode.bits(), 0o1777)?;
    same(root.attr_of("d")?.mode.bits(), 0o1777)
}

fn times(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let other = Time { seconds: 1_200_000_000, nanos: 1 };
    let set =
        SetAttr { atime: Some(SetTime::To(PAST)), mtime: Some(SetTime::To(other)), ..SetAttr::default() };
    let attr = file.set_attr(&set)?;
    same((attr.atime, attr.mtime), (PAST, other))?;
    let attr = file.set_attr(&SetAttr { mtime: Some(SetTime::To(PAST)), ..SetAttr::default() })?;
    same((attr.atime, attr.mtime), (PAST, PAST))?;
    same(bench.root.attr_of("f")?.mtime, PAST)?;
    let attr = file.set_attr(&SetAttr { mtime: Some(SetTime::Now), ..SetAttr::default() })?;
    same((attr.atime, attr.mtime > other), (PAST, true))?;
    let dir = bench.root.sub("d")?;
    same(dir.set_attr(&set)?.mtime, other)
}

fn nothing(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let before = file.attr()?;
    let after = file.set_attr(&SetAttr::default())?;
    same((after.mode, after.uid, after.mtime), (before.mode, before.uid, before.mtime))
}

fn give_away(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let before = file.attr()?;
    let set = SetAttr { uid: Some(before.uid), gid: Some(before.gid), ..SetAttr::default() };
    let after = file.set_attr(&set)?;
    same((after.uid, after.gid), (before.uid, before.gid))?;
    if before.uid == 0 {
        let set = SetAttr { uid: Some(12), gid: Some(34), ..SetAttr::default() };
        let after = file.set_attr(&set)?;
        same((after.uid, after.gid), (12, 34))?;
        let attr = bench.root.attr_of("f")?;
        same((attr.uid, attr.gid), (12, 34))?;
    }
    Ok(())
}

fn drops_set_id(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let changes: [fn(&dyn VFile) -> cachefs_vfs::Result<()>; 3] = [
        |file| file.write_at(b"x", 0, Privileges::Drop).map(drop),
        |file| file.append(b"x", Privileges::Drop).map(drop),
        |file| file.set_len(2, Privileges::Drop).map(drop),
    ];
    for change in changes {
        same(file.set_attr(&set_mode(0o6755))?.mode.bits(), 0o6755)?;
        change(&*file)?;
        same(file.attr()?.mode.bits(), 0o755)?;
        same(bench.root.attr_of("f")?.mode.bits(), 0o755)?;
    }
    same_bytes(&contents(&*file)?, b"xb")
}

fn symlink_times(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.symlink(name("l"), std::path::Path::new("nowhere"), &super::bench::owner())?;
    let link = root.opened("l", Access::Path)?;
    let set = SetAttr { mtime: Some(SetTime::To(PAST)), ..SetAttr::default() };
    same(link.set_attr(&set)?.mtime, PAST)?;
    same(root.attr_of("l")?.mtime, PAST)
}
