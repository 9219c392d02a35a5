//! What telling costs: a read that hits, with and without somebody who exports all numbers a hundred times a second, and
//! one export. Short rounds of both alternate, each beside a thread that wakes as often, and the best of each counts: a
//! busy machine only makes them slower.
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use cachefs::CacheFs;
use cachefs_metrics::Export;
use cachefs_vfs::{Access, MemFs, OpenHow, VfsExt};

/// About 20 ms of them.
const READS: u32 = 80_000;
const ROUNDS: usize = 150;
const INTERVAL: Duration = Duration::from_millis(10);

fn main() {
    let source = Arc::new(MemFs::new());
    VfsExt::write(&*source, "file", &[7; 4096]).expect("memory");
    let cache = CacheFs::builder(source).build().expect("a cache");
    let file = VfsExt::open(&cache, "file", OpenHow::new(Access::Read)).expect("opened");
    let round = || {
        let mut buffer = [0; 4096];
        let began = Instant::now();
        for _ in 0..READS {
            file.read_at(black_box(&mut buffer), 0).expect("a hit");
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(READS)
    };
    let beside = |is_told: bool| {
        let (stop, stopped) = channel::<()>();
        let cache = &cache;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    if is_told {
                        black_box(cache.export_prometheus());
                    }
                }
            });
            let took = round();
            drop(stop);
            took
        })
    };
    let (mut alone, mut told) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        alone = alone.min(beside(false));
        told = told.min(beside(true));
    }
    let export = (0..200)
        .map(|_| {
            let began = Instant::now();
            black_box(cache.export_prometheus());
            began.elapsed()
        })
        .min();
    println!(
        "read hit, 4 KiB: {alone:.1} ns; exported a hundred times a second: {told:.1} ns ({:+.1} %)",
        (told / alone - 1.0) * 100.0
    );
    println!("one export: {:?}", export.unwrap_or_default());
}
