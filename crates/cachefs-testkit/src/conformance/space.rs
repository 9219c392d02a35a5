//! Holes, allocation, copies within the filesystem.

use cachefs_vfs::{Access, AllocateHow, Errno, Privileges, SeekTo, VFile};

use super::Case;
use super::bench::{Bench, contents, pattern};
use super::failure::{Outcome, ensure, fails, fails_with, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::needing("allocation grows the file, or keeps its size", |caps| caps.allocate, grow),
    Case::needing("a punched hole reads as zeros", |caps| caps.allocate, punch),
    Case::needing("a range is zeroed, growing or not", |caps| caps.allocate, zero),
    Case::needing("a range collapses, a range is inserted", |caps| caps.allocate, collapse_insert),
    Case::needing("senseless allocation is refused", |caps| caps.allocate, bad_allocate),
    Case::needing("seek finds data and holes", |caps| caps.seek_hole, seek),
    Case::needing("seek beyond the end is ENXIO", |caps| caps.seek_hole, seek_end),
    Case::needing("a range is copied to another file", |caps| caps.copy_range, copy),
    Case::needing("a copy within one file must not overlap", |caps| caps.copy_range, copy_overlap),
    Case::needing("a copy checks what its handles are for", |caps| caps.copy_range, copy_access),
    Case::needing("a copy to another filesystem is EXDEV", |caps| caps.copy_range, copy_elsewhere),
];

const KEEP: Privileges = Privileges::Keep;

/// Allocates; false where this filesystem has no such thing for this mode.
fn allocate(file: &dyn VFile, how: AllocateHow, offset: u64, length: u64) -> Outcome<bool> {
    match file.allocate(how, offset, length, KEEP) {
        Ok(()) => Ok(true),
        Err(error) if error.errno() == Errno::OPNOTSUPP => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn grow(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    if allocate(&*file, AllocateHow::KeepSize, 0, 50_000)? {
        same(file.attr()?.size, 3)?;
    }
    if allocate(&*file, AllocateHow::Grow, 1, 9)? {
        same_bytes(&contents(&*file)?, b"abc\0\0\0\0\0\0\0")?;
    }
    Ok(())
}

fn punch(bench: &Bench<'_>) -> Outcome {
    let mut bytes = pattern(200_000, 1);
    let file = bench.root.put("f", &bytes)?;
    if allocate(&*file, AllocateHow::PunchHole, 1000, 150_000)? {
        bytes[1000..151_000].fill(0);
        same_bytes(&contents(&*file)?, &bytes)?;
        allocate(&*file, AllocateHow::PunchHole, 199_990, 1_000_000)?;
        bytes[199_990..].fill(0);
        same_bytes(&contents(&*file)?, &bytes)?;
    }
    Ok(())
}

fn zero(bench: &Bench<'_>) -> Outcome {
    let mut bytes = pattern(100_000, 1);
    let file = bench.root.put("f", &bytes)?;
    if allocate(&*file, AllocateHow::ZeroKeepSize, 90_000, 50_000)? {
        bytes[90_000..].fill(0);
        same_bytes(&contents(&*file)?, &bytes)?;
    }
    if allocate(&*file, AllocateHow::Zero, 80_000, 50_000)? {
        bytes[80_000..].fill(0);
        bytes.resize(130_000, 0);
        same_bytes(&contents(&*file)?, &bytes)?;
    }
    Ok(())
}

/// A multiple of every usual block size.
const UNIT: u64 = 65_536;

fn collapse_insert(bench: &Bench<'_>) -> Outcome {
    let mut bytes = pattern(300_000, 1);
    let file = bench.root.put("f", &bytes)?;
    if allocate(&*file, AllocateHow::Collapse, UNIT, UNIT)? {
        bytes.drain(65_536..131_072);
        same_bytes(&contents(&*file)?, &bytes)?;
        fails(file.allocate(AllocateHow::Collapse, UNIT, 4 * UNIT, KEEP), Errno::INVAL)?;
    }
    if allocate(&*file, AllocateHow::Insert, UNIT, UNIT)? {
        bytes.splice(65_536..65_536, std::iter::repeat_n(0, 65_536));
        same_bytes(&contents(&*file)?, &bytes)?;
        fails(file.allocate(AllocateHow::Insert, 10 * UNIT, UNIT, KEEP), Errno::INVAL)?;
    }
    Ok(())
}

fn bad_allocate(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    fails(file.allocate(AllocateHow::Grow, 0, 0, KEEP), Errno::INVAL)?;
    fails_with(file.allocate(AllocateHow::Grow, u64::MAX, 10, KEEP), &[Errno::INVAL, Errno::FBIG])?;
    let reader = bench.root.opened("f", Access::Read)?;
    fails(reader.allocate(AllocateHow::Grow, 0, 10, KEEP), Errno::BADF)?;
    same_bytes(&contents(&*file)?, b"abc")
}

fn seek(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", &pattern(1000, 1))?;
    file.write_at(&pattern(1000, 2), 1 << 20, KEEP)?;
    same(file.seek(10, SeekTo::Data)?, 10)?;
    let hole = file.seek(0, SeekTo::Hole)?;
    ensure((1000..=1 << 20).contains(&hole), "the first hole is after the data")?;
    let data = file.seek(hole.min((1 << 20) - 1), SeekTo::Data)?;
    ensure((hole..=1 << 20).contains(&data), "the second data is found")?;
    same(file.seek(1 << 20, SeekTo::Hole)?, (1 << 20) + 1000)
}

fn seek_end(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    fails(file.seek(3, SeekTo::Data), Errno::NXIO)?;
    fails(file.seek(3, SeekTo::Hole), Errno::NXIO)?;
    same(file.seek(2, SeekTo::Hole)?, 3)?;
    let empty = bench.root.make("e")?;
    fails(empty.seek(0, SeekTo::Data), Errno::NXIO)
}

fn copy(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(200_000, 1);
    let from = bench.root.put("from", &bytes)?;
    let to = bench.root.put("to", b"abcdef")?;
    same(from.copy_range(50_000, &*to, 3, 100_000, KEEP)?, 100_000)?;
    let want = [b"abc", &bytes[50_000..150_000]].concat();
    same_bytes(&contents(&*to)?, &want)?;
    same(from.copy_range(199_990, &*to, 0, 1000, KEEP)?, 10)?;
    same_bytes(&contents(&*to)?[..10], &bytes[199_990..])?;
    same(from.copy_range(200_000, &*to, 0, 1000, KEEP)?, 0)
}

fn copy_overlap(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(10_000, 1);
    let file = bench.root.put("f", &bytes)?;
    fails(file.copy_range(0, &*file, 100, 1000, KEEP), Errno::INVAL)?;
    same(file.copy_range(0, &*file, 5000, 5000, KEEP)?, 5000)?;
    same_bytes(&contents(&*file)?, &[&bytes[..5000], &bytes[..5000]].concat())
}

fn copy_access(bench: &Bench<'_>) -> Outcome {
    let one = bench.root.put("one", b"abc")?;
    let other = bench.root.put("other", b"def")?;
    let reader = bench.root.opened("other", Access::Read)?;
    fails(one.copy_range(0, &*reader, 0, 3, KEEP), Errno::BADF)?;
    let writer = bench.root.opened("one", Access::Write)?;
    fails(writer.copy_range(0, &*other, 0, 3, KEEP), Errno::BADF)?;
    same_bytes(&contents(&*other)?, b"def")
}

fn copy_elsewhere(bench: &Bench<'_>) -> Outcome {
    let subject = bench.other();
    let elsewhere = super::bench::Folder(subject.fs.root()?);
    let to = elsewhere.make("to")?;
    let from = bench.root.put("from", b"abc")?;
    match from.copy_range(0, &*to, 0, 3, KEEP) {
        Ok(_) if bench.root.attr()?.id.device == elsewhere.attr()?.id.device => Ok(()),
        other => fails(other, Errno::XDEV),
    }
}
