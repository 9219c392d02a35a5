use std::sync::Arc;

use cachefs::{CacheFs, Warm};
use cachefs_testkit::CountFs;
use cachefs_vfs::{Errno, Error, Result};

use super::{WARM_MEMORY, WARM_SLOW};
use crate::cached::TTL;
use crate::round::{Counted, Round};
use crate::{Backing, Files, Meter, Scale};

/// Bytes of each file.
const SIZE: usize = 4 << 10;

/// All files, by so many workers.
pub(super) fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    for workers in [1, 2, 4, 8, 16, 32] {
        measure(round, WARM_MEMORY, Backing::Memory, workers, scale)?;
    }
    // One worker alone would take fifteen seconds.
    for workers in [4, 8, 16, 32] {
        measure(round, WARM_SLOW, Backing::Slow, workers, scale)?;
    }
    Ok(())
}

fn measure(round: &mut Round, group: &str, backing: Backing, workers: usize, scale: &Scale) -> Result<()> {
    let laid = backing.lay(Files { count: scale.files, size: SIZE }, scale.latency)?;
    let counts = Arc::new(CountFs::new(laid.fs));
    let fs = CacheFs::builder(Arc::<CountFs>::clone(&counts)).ttl(TTL).build();
    let fs = fs.map_err(|e| Error::from(std::io::Error::other(e)))?;
    let mut slices = Vec::new();
    counts.reset();
    let turns = if backing == Backing::Slow { 1 } else { scale.slices };
    for _ in 0..turns {
        fs.clear();
        let mut meter = Meter::timing(scale.slice);
        meter.take(1, || {
            let report = fs.warm(&Warm::new(["*"]).workers(workers), &|_| ());
            if report.total.files == scale.files as u64 { Ok(()) } else { Err(Error::new(Errno::IO)) }
        })?;
        slices.push(meter.took);
    }
    let calls = counts.calls() as f64 / turns as f64;
    let counted = Counted { calls: Some(calls), allocations: None };
    round.add((group, &workers.to_string(), "cachefs"), &slices, Some(counted));
    Ok(())
}
