use std::sync::Barrier;
use std::time::{Duration, Instant};

use super::{Seen, Sizes, micros, timed};
use crate::Result;
use crate::ground::{Ground, Pen};

const STEP: usize = 4096;
const THREADS: usize = 16;

/// What fsync takes.
pub(crate) fn alone(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let pen = ground.create("log")?;
    // Of a new file the name is made durable, too.
    pen.sync()?;
    let mut times = Vec::new();
    for number in 0..sizes.syncs {
        pen.write(&[7; STEP], number * STEP as u64)?;
        times.push(timed(|| pen.sync())?);
    }
    times.sort_unstable();
    Ok(vec![("p50 us", micros(quantile(&times, 50))), ("p99 us", micros(quantile(&times, 99)))])
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// How many there are in a second, by one thread and by many.
pub(crate) fn together(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let one = rate(ground, 1, sizes.syncs)?;
    let many = rate(ground, THREADS, sizes.syncs / 4)?;
    Ok(vec![("1 thread, /s", one), ("16 threads, /s", many), ("gain", many / one)])
}

fn rate(ground: &dyn Ground, threads: usize, each: u64) -> Result<f64> {
    let pens = (0..threads).map(|number| ground.create(&format!("log {threads} {number}")));
    let pens: Vec<Box<dyn Pen>> = pens.collect::<Result<_>>()?;
    pens.iter().try_for_each(|pen| pen.sync())?;
    let begin = Barrier::new(threads + 1);
    let time = std::thread::scope(|scope| {
        let begin = &begin;
        let at_work: Vec<_> =
            pens.into_iter().map(|pen| scope.spawn(move || append(&*pen, each, begin))).collect();
        begin.wait();
        let start = Instant::now();
        for thread in at_work {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok::<_, crate::Error>(start.elapsed())
    })?;
    Ok(each as f64 * threads as f64 / time.as_secs_f64())
}

fn append(pen: &dyn Pen, count: u64, begin: &Barrier) -> Result<()> {
    begin.wait();
    for number in 0..count {
        pen.write(&[7; STEP], number * STEP as u64)?;
        pen.sync()?;
    }
    Ok(())
}
