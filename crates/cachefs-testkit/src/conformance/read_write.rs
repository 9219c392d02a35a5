//! Bytes.

use std::io::IoSliceMut;
use std::thread;

use cachefs_vfs::{Access, Errno, OpenHow, Privileges, SyncHow};

use super::Case;
use super::bench::{Bench, contents, name, part, pattern};
use super::failure::{Failure, Outcome, fails, fails_with, same, same_bytes};

pub(super) const CASES: &[Case] = &[
    Case::new("what was written is read", write_and_read),
    Case::new("reads are short at the end only", short_at_end),
    Case::new("read_many fills one buffer after the other", read_many),
    Case::new("a write beyond the end leaves zeros before it", sparse_write),
    Case::new("an empty write changes nothing", empty_write),
    Case::new("append writes at the real end", append),
    Case::new("appends at the same time do not overlap", concurrent_appends),
    Case::new("set_len cuts, and extends with zeros", set_len),
    Case::new("open for truncation empties", open_truncate),
    Case::new("a handle does only what it was opened for", wrong_access),
    Case::new("large transfers are whole", large),
    Case::new("all handles of a file see the same bytes", shared),
    Case::new("a direct handle reads the same bytes, at any offset", direct),
    Case::new("an offset beyond all files is refused", far_offset),
    Case::new("sync works on files and directories", sync),
];

const KEEP: Privileges = Privileges::Keep;

/// Larger than any block of a cache, and no multiple of one.
const LARGE: usize = (3 << 20) + 12_345;

fn write_and_read(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    let bytes = pattern(200_000, 1);
    same(file.write_at(&bytes, 0, KEEP)?, bytes.len())?;
    let patch = pattern(70_000, 2);
    same(file.write_at(&patch, 60_000, KEEP)?, patch.len())?;
    let mut want = bytes;
    want[60_000..130_000].copy_from_slice(&patch);
    same_bytes(&contents(&*file)?, &want)?;
    same_bytes(&bench.root.bytes("f")?, &want)?;
    same(bench.root.attr_of("f")?.size, 200_000)
}

fn short_at_end(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(70_000, 1);
    let file = bench.root.put("f", &bytes)?;
    for (offset, length, want) in [
        (0, 70_000, 70_000),
        (0, 70_001, 70_000),
        (65_530, 10, 10),
        (69_999, 100, 1),
        (70_000, 100, 0),
        (1 << 40, 100, 0),
        (10, 0, 0),
    ] {
        let got = part(&*file, offset, length)?;
        same(got.len(), want)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        same_bytes(&got, &bytes[start..start + want])?;
    }
    Ok(())
}

fn read_many(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(100_000, 1);
    let file = bench.root.put("f", &bytes)?;
    let read = |lengths: [usize; 4], offset: usize| -> Outcome {
        let mut parts = lengths.map(|length| vec![0xa5; length]);
        let mut slices: Vec<_> = parts.iter_mut().map(|part| IoSliceMut::new(part)).collect();
        let count = file.read_many(&mut slices, offset as u64)?;
        let want = &bytes[offset..(offset + lengths.iter().sum::<usize>()).min(bytes.len())];
        same_bytes(&parts.concat()[..count], want)
    };
    read([10, 0, 65_536, 100], 5)?;
    read([1000, 1000, 1000, 1000], 98_500)?;
    read([0, 0, 0, 0], 0)?;
    same(file.read_many(&mut [], 0)?, 0)
}

fn sparse_write(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    same(file.write_at(b"xyz", 150_000, KEEP)?, 3)?;
    let mut want = vec![0; 150_003];
    want[..3].copy_from_slice(b"abc");
    want[150_000..].copy_from_slice(b"xyz");
    same_bytes(&contents(&*file)?, &want)
}

fn empty_write(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    same(file.write_at(b"", 1000, KEEP)?, 0)?;
    same(file.append(b"", KEEP)?, 0)?;
    same_bytes(&contents(&*file)?, b"abc")
}

fn append(bench: &Bench<'_>) -> Outcome {
    let one = bench.root.put("f", b"abc")?;
    let other = bench.root.opened("f", Access::Write)?;
    same(other.append(b"def", KEEP)?, 3)?;
    same(one.append(b"ghi", KEEP)?, 3)?;
    same_bytes(&contents(&*one)?, b"abcdefghi")?;
    one.set_len(1, KEEP)?;
    same(other.append(b"z", KEEP)?, 1)?;
    same_bytes(&bench.root.bytes("f")?, b"az")
}

fn concurrent_appends(bench: &Bench<'_>) -> Outcome {
    const ROUNDS: usize = 50;
    let names = [b'a', b'b', b'c', b'd'];
    let root = &bench.root;
    root.make("f")?;
    let appender = |byte: u8| -> Outcome {
        let file = root.opened("f", Access::Write)?;
        (0..ROUNDS).try_for_each(|_| same(file.append(&[byte; 7], KEEP)?, 7))
    };
    let appender = &appender;
    thread::scope(|scope| {
        let threads = names.map(|byte| scope.spawn(move || appender(byte)));
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| Failure::new("an appender panicked"))?)
    })?;
    let bytes = bench.root.bytes("f")?;
    same(bytes.len(), names.len() * ROUNDS * 7)?;
    for chunk in bytes.chunks(7) {
        same_bytes(chunk, &[chunk[0]; 7])?;
    }
    same(names.map(|byte| bytes.iter().filter(|b| **b == byte).count()), [ROUNDS * 7; 4])
}

fn set_len(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(100_000, 1);
    let file = bench.root.put("f", &bytes)?;
    same(file.set_len(70_000, KEEP)?.size, 70_000)?;
    same(file.set_len(140_000, KEEP)?.size, 140_000)?;
    let mut want = bytes;
    want.truncate(70_000);
    want.resize(140_000, 0);
    same_bytes(&contents(&*file)?, &want)?;
    same(file.set_len(0, KEEP)?.size, 0)?;
    same(bench.root.attr_of("f")?.size, 0)?;
    file.write_at(b"x", 3, KEEP)?;
    same_bytes(&contents(&*file)?, b"\0\0\0x")
}

fn open_truncate(bench: &Bench<'_>) -> Outcome {
    let reader = bench.root.put("f", b"abc")?;
    let how = OpenHow { truncate: true, ..OpenHow::new(Access::Write) };
    same(bench.root.open(name("f"), how)?.attr.size, 0)?;
    same_bytes(&contents(&*reader)?, b"")
}

fn wrong_access(bench: &Bench<'_>) -> Outcome {
    bench.root.put("f", b"abc")?;
    let reader = bench.root.opened("f", Access::Read)?;
    fails(reader.write_at(b"x", 0, KEEP), Errno::BADF)?;
    fails(reader.append(b"x", KEEP), Errno::BADF)?;
    let writer = bench.root.opened("f", Access::Write)?;
    fails(writer.read_at(&mut [0; 3], 0), Errno::BADF)?;
    fails(writer.read_many(&mut [IoSliceMut::new(&mut [0; 3])], 0), Errno::BADF)?;
    let path = bench.root.opened("f", Access::Path)?;
    fails(path.read_at(&mut [0; 3], 0), Errno::BADF)?;
    fails(path.write_at(b"x", 0, KEEP), Errno::BADF)?;
    same_bytes(&bench.root.bytes("f")?, b"abc")
}

fn large(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(LARGE, 3);
    let file = bench.root.make("f")?;
    same(file.write_at(&bytes, 0, KEEP)?, LARGE)?;
    same_bytes(&part(&*file, 0, LARGE)?, &bytes)?;
    same_bytes(&part(&*bench.root.opened("f", Access::Read)?, 1, LARGE)?, &bytes[1..])
}

fn shared(bench: &Bench<'_>) -> Outcome {
    let one = bench.root.put("f", b"abcdef")?;
    let other = bench.root.opened("f", Access::ReadWrite)?;
    same_bytes(&contents(&*other)?, b"abcdef")?;
    one.write_at(b"XY", 2, KEEP)?;
    same_bytes(&contents(&*other)?, b"abXYef")?;
    other.set_len(3, KEEP)?;
    same_bytes(&contents(&*one)?, b"abX")?;
    same(one.attr()?.size, 3)
}

fn direct(bench: &Bench<'_>) -> Outcome {
    let bytes = pattern(70_000, 1);
    bench.root.put("f", &bytes)?.sync(SyncHow::All)?;
    let how = OpenHow { direct: true, ..OpenHow::new(Access::ReadWrite) };
    let file = bench.root.open(name("f"), how)?.handle;
    same_bytes(&contents(&*file)?, &bytes)?;
    same_bytes(&part(&*file, 4097, 513)?, &bytes[4097..4610])?;
    same(file.write_at(b"new", 5000, KEEP)?, 3)?;
    same_bytes(&part(&*file, 4999, 5)?, &[bytes[4999], b'n', b'e', b'w', bytes[5003]])?;
    same_bytes(&bench.root.bytes("f")?[5000..5003], b"new")
}

fn far_offset(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    let refused = [Errno::FBIG, Errno::INVAL, Errno::OVERFLOW, Errno::NOSPC];
    fails_with(file.write_at(b"x", u64::MAX, KEEP), &refused)?;
    fails_with(file.write_at(b"x", 1 << 63, KEEP), &refused)?;
    fails_with(file.set_len(u64::MAX, KEEP), &refused)?;
    same_bytes(&contents(&*file)?, b"abc")
}

fn sync(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.put("f", b"abc")?;
    file.sync(SyncHow::Data)?;
    file.sync(SyncHow::All)?;
    bench.root.sync()?;
    same_bytes(&bench.root.bytes("f")?, b"abc")
}
