use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_vfs::{Error, MemFs, Result, VfsExt};

use super::{BATCH, interleave};
use crate::cached::TTL;
use crate::{Meter, Round, Scale, content};

/// As many paths as one batch has.
const PATHS: usize = 1000;
/// Bytes of each file.
const SIZE: usize = 4 << 10;

/// Invalidating a thousand cached files of one directory: one by one, and by one call. One operation is one path.
pub(super) fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    let memory = MemFs::new();
    memory.create_dir_all("dir")?;
    let paths: Vec<String> = (0..PATHS).map(|number| format!("dir/{number:04}")).collect();
    paths.iter().enumerate().try_for_each(|(number, path)| memory.write(path, &content(number, SIZE)))?;
    let fs = CacheFs::builder(Arc::new(memory)).ttl(TTL).build();
    let fs = fs.map_err(|e| Error::from(std::io::Error::other(e)))?;
    let warm = || paths.iter().try_for_each(|path| fs.read(path).map(drop));
    let one_by_one = |meter: &mut Meter| {
        while meter.goes_on() {
            warm()?;
            meter.take(PATHS, || paths.iter().try_for_each(|path| fs.invalidate(path)))?;
        }
        Ok(())
    };
    let at_once = |meter: &mut Meter| {
        while meter.goes_on() {
            warm()?;
            let mut report = None;
            meter.take(PATHS, || {
                report = Some(fs.batch_invalidate(&paths));
                Ok(())
            })?;
            let failed = report.and_then(|report| report.errors.into_iter().next());
            failed.map_or(Ok(()), |failed| Err(failed.error))?;
        }
        Ok(())
    };
    let turns: Vec<super::Turn<'_>> =
        vec![("one by one", Box::new(one_by_one)), ("at once", Box::new(at_once))];
    interleave(round, BATCH, "invalidate 1000 paths", scale, turns)
}
