//! Warming 1000 files of 4 KiB: over memory, and over a backing that takes 5 ms for a call.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its tree may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Coherence, Warm};
use cachefs_testkit::SlowFs;
use cachefs_vfs::{MemFs, Vfs, VfsExt};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const FILES: u64 = 1000;

fn tree() -> Arc<MemFs> {
    let memory = Arc::new(MemFs::new());
    memory.create_dir("d").unwrap();
    (0..FILES).for_each(|number| memory.write(format!("d/{number}"), &[7; 4096]).unwrap());
    memory
}

fn time(source: Arc<dyn Vfs>, workers: usize, count: u64) -> Duration {
    let cache = CacheFs::builder(source).coherence(Coherence::Single).readahead(0).build().unwrap();
    let request = Warm::new(["d"]).workers(workers);
    let round = || {
        cache.clear();
        let begun = Instant::now();
        assert_eq!(cache.warm(&request, &|_| {}).total.files, FILES);
        begun.elapsed()
    };
    (0..count).map(|_| round()).sum()
}

fn warming(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("warm_1000");
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1)).sample_size(10);
    for workers in [1, 2, 8, 16] {
        group.bench_function(BenchmarkId::new("memory", workers), |bencher| {
            bencher.iter_custom(|count| time(tree(), workers, count));
        });
    }
    for workers in [8, 32] {
        group.bench_function(BenchmarkId::new("slow_5ms", workers), |bencher| {
            let slow = || Arc::new(SlowFs::new(tree()).latency(Duration::from_millis(5)));
            bencher.iter_custom(|count| time(slow(), workers, count));
        });
    }
    group.finish();
}

criterion_group!(warm, warming);
criterion_main!(warm);
