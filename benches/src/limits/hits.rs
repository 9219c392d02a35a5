use std::hint::black_box;
use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_vfs::{Access, Error, MemFs, Name, OpenHow, Result, Vfs, VfsExt};

use super::{HITS, Turn, interleave};
use crate::cached::TTL;
use crate::{Meter, Round, Scale, content};

/// Operations that are timed as one.
const BATCH: usize = 512;
const NAME: &str = "file";

pub(super) fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    for (case, size) in [("read 4 KiB", 4 << 10), ("read 64 KiB", 64 << 10)] {
        reads(round, case, size, scale)?;
    }
    metadata(round, scale)
}

fn known(size: usize) -> Result<CacheFs> {
    let memory = MemFs::new();
    VfsExt::write(&memory, NAME, &content(0, size))?;
    let fs = CacheFs::builder(Arc::new(memory)).ttl(TTL).build();
    let fs = fs.map_err(|e| Error::from(std::io::Error::other(e)))?;
    VfsExt::read(&fs, NAME)?;
    Ok(fs)
}

/// Beside a bare copy of as many bytes, both from where they stay.
fn reads(round: &mut Round, case: &str, size: usize, scale: &Scale) -> Result<()> {
    let fs = known(size)?;
    let file = VfsExt::open(&fs, NAME, OpenHow::new(Access::Read))?;
    let source = content(0, size);
    let (mut copied, mut read) = (vec![0; size], vec![0; size]);
    let memcpy = move |meter: &mut Meter| {
        batches(meter, || {
            black_box(&mut copied[..]).copy_from_slice(black_box(&source[..]));
            Ok(())
        })
    };
    let ours = move |meter: &mut Meter| batches(meter, || file.read_at(black_box(&mut read), 0).map(drop));
    interleave(round, HITS, case, scale, vec![("memcpy", Box::new(memcpy)), ("cachefs", Box::new(ours))])
}

fn metadata(round: &mut Round, scale: &Scale) -> Result<()> {
    let fs = known(64)?;
    let (root, name) = (fs.root()?, Name::new(NAME)?);
    let file = VfsExt::open(&fs, NAME, OpenHow::new(Access::Read))?;
    let by_path = |meter: &mut Meter| batches(meter, || fs.stat(black_box(NAME)).map(keep));
    let by_name = |meter: &mut Meter| batches(meter, || root.stat(black_box(name)).map(keep));
    let by_handle = |meter: &mut Meter| batches(meter, || file.attr().map(keep));
    let turns: Vec<Turn<'_>> = vec![
        ("cachefs, by path", Box::new(by_path)),
        ("cachefs, by name in an open directory", Box::new(by_name)),
        ("cachefs, by handle", Box::new(by_handle)),
    ];
    interleave(round, HITS, "attributes", scale, turns)
}

fn keep<T>(value: T) {
    drop(black_box(value));
}

fn batches(meter: &mut Meter, mut work: impl FnMut() -> Result<()>) -> Result<()> {
    while meter.goes_on() {
        meter.take(BATCH, || (0..BATCH).try_for_each(|_| work()))?;
    }
    Ok(())
}
