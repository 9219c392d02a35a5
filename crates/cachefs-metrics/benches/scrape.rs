//! What telling costs: a read that hits, with and without somebody who exports all numbers ten times a second, and one
//! export. Rounds of both alternate, and the best of each counts: a busy machine only makes them slower.
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use cachefs::CacheFs;
use cachefs_metrics::Export;
use cachefs_vfs::{Access, MemFs, OpenHow, VfsExt};

const READS: u32 = 200_000;
const ROUNDS: usize = 40;
const INTERVAL: Duration = Duration::from_millis(100);

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
    round();
    let (mut alone, mut told) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        alone = alone.min(round());
        let (stop, stopped) = channel::<()>();
        std::thread::scope(|scope| {
            let cache = &cache;
            scope.spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    black_box(cache.export_prometheus());
                }
            });
            told = told.min(round());
            drop(stop);
        });
    }
    let export = (0..200)
        .map(|_| {
            let began = Instant::now();
            black_box(cache.export_prometheus());
            began.elapsed()
        })
        .min();
    println!(
        "read hit, 4 KiB: {alone:.1} ns; exported ten times a second: {told:.1} ns ({:+.1} %)",
        (told / alone - 1.0) * 100.0
    );
    println!("one export: {:?}", export.unwrap_or_default());
}
