//! What moves which time.

use std::time::{Duration, Instant};

use cachefs_vfs::{AllocateHow, Attr, Mode, Privileges, RenameHow, SetAttr, SetTime, Time, VFile, VNode};

use super::Case;
use super::bench::{Bench, Folder, name};
use super::failure::{Failure, Outcome, ensure, same};

pub(super) const CASES: &[Case] = &[
    Case::new("writing moves mtime", write),
    Case::new("cutting and extending move mtime", set_len),
    Case::needing("allocation that changes bytes moves mtime", |caps| caps.allocate, allocate),
    Case::new("reading and stat move neither mtime nor ctime", read),
    Case::new("a change of the mode moves ctime, not mtime", chmod),
    Case::needing("a hard link moves ctime", |caps| caps.hard_links, link),
    Case::new("names that come and go move the mtime of their directory", entries),
];

const PAST: Time = Time { seconds: 1_000_000_000, nanos: 5 };

/// How long a clock may stand still.
const PATIENCE: Duration = Duration::from_secs(10);

fn back_date<N: VNode + ?Sized>(node: &N) -> Outcome {
    let set = SetAttr { mtime: Some(SetTime::To(PAST)), ..SetAttr::default() };
    same(node.set_attr(&set)?.mtime, PAST)
}

/// Insists that `change` moves mtime, by handle and by name.
#[track_caller]
fn moves(dir: &Folder, file: &dyn VFile, change: impl FnOnce() -> cachefs_vfs::Result<()>) -> Outcome {
    back_date(file)?;
    change()?;
    ensure(file.attr()?.mtime > PAST, "the handle's mtime did not move")?;
    same(dir.attr_of("f")?.mtime, file.attr()?.mtime)
}

/// Repeats `change` until ctime has moved: the clock of a filesystem is coarse.
fn moves_ctime(
    attr: impl Fn() -> cachefs_vfs::Result<Attr>,
    mut change: impl FnMut() -> cachefs_vfs::Result<()>,
) -> Outcome {
    let before = attr()?.ctime;
    let deadline = Instant::now() + PATIENCE;
    while attr()?.ctime <= before {
        if Instant::now() > deadline {
            return Err(Failure::new("ctime did not move"));
        }
        change()?;
    }
    Ok(())
}

fn write(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    moves(&bench.root, &*file, || file.write_at(b"x", 1, Privileges::Keep).map(drop))?;
    moves(&bench.root, &*file, || file.append(b"x", Privileges::Keep).map(drop))
}

fn set_len(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    moves(&bench.root, &*file, || file.set_len(1, Privileges::Keep).map(drop))?;
    moves(&bench.root, &*file, || file.set_len(10, Privileges::Keep).map(drop))
}

fn allocate(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", &[7; 100_000])?;
    let punch = || match file.allocate(AllocateHow::PunchHole, 0, 65_536, Privileges::Keep) {
        Err(error) if error.errno() == cachefs_vfs::Errno::OPNOTSUPP => {
            file.write_at(b"x", 0, Privileges::Keep).map(drop)
        }
        other => other,
    };
    moves(&bench.root, &*file, punch)
}

fn read(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let before = file.attr()?;
    bench.root.bytes("f")?;
    bench.root.names()?;
    let after = bench.root.attr_of("f")?;
    same((after.mtime, after.ctime), (before.mtime, before.ctime))?;
    same(after.version(), file.attr()?.version())
}

fn chmod(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    back_date(&*file)?;
    let set = SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() };
    moves_ctime(|| bench.root.attr_of("f"), || file.set_attr(&set).map(drop))?;
    same(file.attr()?.mtime, PAST)
}

fn link(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    back_date(&*file)?;
    let relink = || {
        bench.root.link("f", "g")?;
        bench.root.delete("g")
    };
    moves_ctime(|| file.attr(), relink)?;
    same(file.attr()?.mtime, PAST)
}

fn entries(bench: &Bench<'_>) -> Outcome {
    let sub = bench.root.sub("d")?;
    let changes: [fn(&Folder) -> cachefs_vfs::Result<()>; 5] = [
        |dir| dir.make("a").map(drop),
        |dir| dir.mv("a", "b", RenameHow::Replace),
        |dir| dir.delete("b"),
        |dir| dir.sub("s").map(drop),
        |dir| dir.delete_dir("s"),
    ];
    for change in changes {
        back_date(&*sub)?;
        change(&sub)?;
        ensure(sub.attr()?.mtime > PAST, "the handle's mtime did not move")?;
        same(bench.root.stat(name("d"))?.mtime, sub.attr()?.mtime)?;
    }
    Ok(())
}
