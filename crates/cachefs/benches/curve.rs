//! What tapping references for the curve of hits by size costs on a hit: with and without, by turns.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its tree may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Coherence};
use cachefs_vfs::{Access, MemFs, OpenHow, VFile, VfsExt};
use criterion::{Criterion, criterion_group, criterion_main};

/// Bytes of one reference.
const LEN: usize = 4096;

/// A handle of a file of so many blocks, all of them in memory.
fn hot(blocks: usize, curve: bool) -> Arc<dyn VFile> {
    let memory = Arc::new(MemFs::new());
    memory.write("file", &vec![7; blocks << 16]).unwrap();
    let builder = CacheFs::builder(memory).coherence(Coherence::Single).readahead(0).curve(curve);
    let cache = builder.memory(2 * (blocks << 16)).build().unwrap();
    cache.read("file").unwrap();
    cache.open("file", OpenHow::new(Access::Read)).unwrap()
}

/// Hits that are timed together.
const PART: u64 = 2048;

/// How long so many hits take when nobody else wants the processor: by the fastest twentieth of the parts, which on a busy
/// machine are those that were not interrupted.
fn time(file: &dyn VFile, blocks: u64, count: u64) -> Duration {
    let mut buffer = vec![0; LEN];
    let mut part = |first: u64| {
        let begun = Instant::now();
        for turn in first..first + PART {
            let block = turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) % blocks;
            assert_eq!(file.read_at(&mut buffer, block << 16).unwrap(), LEN);
        }
        begun.elapsed()
    };
    let mut parts: Vec<Duration> =
        (0..count.div_ceil(PART).max(20)).map(|number| part(number * PART)).collect();
    parts.sort_unstable();
    parts[parts.len() / 20].mul_f64(count as f64 / PART as f64)
}

fn taps(criterion: &mut Criterion) {
    // With few blocks the sample is all of them; with many it is a part.
    for blocks in [64, 6000] {
        let (on, off) = (hot(blocks, true), hot(blocks, false));
        let mut group = criterion.benchmark_group(format!("hit_4k/{blocks}_blocks"));
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        for round in 0..4 {
            for (name, file) in [("curve", &on), ("none", &off)] {
                group.bench_function(format!("{name}/{round}"), |bencher| {
                    bencher.iter_custom(|count| time(&**file, blocks as u64, count));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(curve, taps);
criterion_main!(curve);
