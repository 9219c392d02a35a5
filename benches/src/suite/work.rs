//! What a workload does in its turn.

use std::hint::black_box;
use std::thread;

use cachefs_vfs::{Errno, Error, Name, Result};

use super::Stage;
use super::places::places;
use crate::{Meter, Zipf};

/// Bytes of one read of several.
const STEP: usize = 4 << 10;
/// Reads of one file.
const STEPS: usize = 100;

/// One file after another, each read as a whole.
pub(super) fn reads(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let mut buffer = vec![0; stage.files.size];
    while meter.goes_on() {
        meter.take(stage.batch, || {
            (stage.cursor..stage.cursor + stage.batch).try_for_each(|at| read(stage, at, &mut buffer))
        })?;
        stage.cursor += stage.batch;
    }
    Ok(())
}

fn read(stage: &Stage, at: usize, buffer: &mut [u8]) -> Result<()> {
    let count = stage.contender.read(stage.name(at)?, black_box(buffer))?;
    if count == buffer.len() { Ok(()) } else { Err(Error::new(Errno::IO)) }
}

/// All files, after all was forgotten.
pub(super) fn misses(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let mut buffer = vec![0; stage.files.size];
    while meter.goes_on() {
        stage.contender.clear(&stage.laid.names)?;
        meter.take(stage.files.count, || {
            (0..stage.files.count).try_for_each(|at| read(stage, at, &mut buffer))
        })?;
    }
    Ok(())
}

pub(super) fn writes(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let bytes = crate::content(0, stage.files.size);
    let name = stage.name(0)?;
    while meter.goes_on() {
        meter.take(stage.batch, || {
            (0..stage.batch).try_for_each(|_| stage.contender.write(name, black_box(&bytes)))
        })?;
    }
    Ok(())
}

pub(super) fn sequential(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let mut buffer = vec![0; STEP * STEPS];
    let name = stage.name(0)?;
    while meter.goes_on() {
        meter.take(1, || stage.contender.read_steps(name, STEP, black_box(&mut buffer)).map(drop))?;
    }
    Ok(())
}

pub(super) fn random(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let mut buffer = vec![0; STEP];
    let (name, places) = (stage.name(0)?, places(STEPS, stage.files.size - STEP));
    while meter.goes_on() {
        meter.take(1, || stage.contender.read_places(name, &places, black_box(&mut buffer)))?;
    }
    Ok(())
}

/// Counted on one thread, as allocations are.
pub(super) fn concurrent(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let threads = if meter.counts() { 1 } else { 2 };
    // Threads are started for each batch.
    let each = if stage.batch > 2 { stage.batch * 100 } else { stage.batch };
    let zipf = Zipf::new(stage.files.count, 1.1);
    let choices: Vec<Vec<usize>> = (0..threads).map(|seed| zipf.choices(each, seed)).collect();
    let one = |choices: &[usize]| {
        let mut buffer = vec![0; stage.files.size];
        choices.iter().try_for_each(|&at| read(stage, at, &mut buffer))
    };
    while meter.goes_on() {
        meter.take(each * choices.len(), || match &choices[..] {
            [alone] => one(alone),
            all => thread::scope(|scope| {
                let running: Vec<_> = all.iter().map(|choices| scope.spawn(|| one(choices))).collect();
                let broken = |_| Err(Error::new(Errno::IO));
                running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(broken))
            }),
        })?;
    }
    Ok(())
}

pub(super) fn sizes(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    while meter.goes_on() {
        meter.take(stage.batch, || {
            (stage.cursor..stage.cursor + stage.batch).try_for_each(|at| {
                black_box(stage.contender.size(stage.name(at)?)?);
                Ok(())
            })
        })?;
        stage.cursor += stage.batch;
    }
    Ok(())
}

pub(super) fn invalidations(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    let mut buffer = vec![0; stage.files.size];
    while meter.goes_on() {
        for name in &stage.laid.names {
            stage.contender.read(Name::new(name)?, &mut buffer)?;
        }
        meter.take(stage.files.count, || stage.contender.invalidate(&stage.laid.names))?;
    }
    Ok(())
}

pub(super) fn warmings(stage: &mut Stage, meter: &mut Meter) -> Result<()> {
    while meter.goes_on() {
        stage.contender.clear(&stage.laid.names)?;
        meter.take(stage.files.count, || stage.contender.warm(&stage.laid.names, stage.files.size))?;
    }
    Ok(())
}
