use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_vfs::{Access, Error, MemFs, OpenHow, Result, VFile, VfsExt};

use super::{ENGINE, interleave, steps};
use crate::cached::TTL;
use crate::{Meter, Round, Scale, content};

/// Blocks at most: each needs a file of its own in memory, too.
const BLOCKS_MAX: usize = 100_000;
/// Bytes of each, the smallest size class.
const BLOCK: usize = 1 << 10;
/// Operations that are timed as one.
const BATCH: usize = 100;

/// Reads of open files in turn, of which the cache holds the half: each evicts one.
pub(super) fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    for entries in steps(scale.entries_max.min(BLOCKS_MAX)) {
        let (files, _fs) = open(entries)?;
        let mut at = 0;
        let mut buffer = vec![0; BLOCK];
        let turn = |meter: &mut Meter| {
            while meter.goes_on() {
                meter.take(BATCH, || {
                    (at..at + BATCH)
                        .try_for_each(|at| files[at % files.len()].read_at(&mut buffer, 0).map(drop))
                })?;
                at += BATCH;
            }
            Ok(())
        };
        // Once round, so that it is full.
        let mut all = Meter::counting(None);
        all.take(files.len(), || {
            files.iter().try_for_each(|file| file.read_at(&mut [0; BLOCK], 0).map(drop))
        })?;
        interleave(round, ENGINE, &entries.to_string(), scale, vec![("cachefs", Box::new(turn))])?;
    }
    Ok(())
}

fn open(entries: usize) -> Result<(Vec<Arc<dyn VFile>>, CacheFs)> {
    let memory = MemFs::new();
    let names: Vec<String> = (0..2 * entries).map(|number| format!("{number:07}")).collect();
    names.iter().enumerate().try_for_each(|(number, name)| memory.write(name, &content(number, BLOCK)))?;
    let builder = CacheFs::builder(Arc::new(memory)).ttl(TTL).readahead(0).memory(4 * entries * BLOCK);
    let fs = builder.block_entries(entries).metadata_entries(8 * entries).handles_max(4 * entries).build();
    let fs = fs.map_err(|e| Error::from(std::io::Error::other(e)))?;
    let files = names.iter().map(|name| VfsExt::open(&fs, name, OpenHow::new(Access::Read)));
    Ok((files.collect::<Result<_>>()?, fs))
}
