//! Invalidating 1000 paths by one call and one by one, all of them in memory before.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its tree may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Coherence};
use cachefs_vfs::{MemFs, VfsExt};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const FILES: u64 = 1000;

fn paths(dir: &str) -> Vec<String> {
    (0..FILES).map(|number| format!("{dir}/file{number}")).collect()
}

fn cache(dir: &str) -> CacheFs {
    let memory = Arc::new(MemFs::new());
    memory.create_dir_all(dir).unwrap();
    paths(dir).iter().for_each(|path| memory.write(path, &[7; 4096]).unwrap());
    CacheFs::builder(memory).coherence(Coherence::Single).readahead(0).build().unwrap()
}

/// How long it takes, with all files read before each time.
fn time(cache: &CacheFs, paths: &[String], count: u64, invalidate: impl Fn(&[String])) -> Duration {
    let round = || {
        paths.iter().for_each(|path| drop(cache.read(path).unwrap()));
        let begun = Instant::now();
        invalidate(paths);
        begun.elapsed()
    };
    (0..count).map(|_| round()).sum()
}

fn invalidations(criterion: &mut Criterion) {
    for dir in ["a", "a/b/c"] {
        let (cache, paths) = (cache(dir), paths(dir));
        let mut group = criterion.benchmark_group(format!("invalidate_1000/{dir}"));
        group.throughput(Throughput::Elements(FILES));
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
        group.bench_function("loop", |bencher| {
            bencher.iter_custom(|count| {
                let each = |paths: &[String]| paths.iter().for_each(|path| cache.invalidate(path).unwrap());
                time(&cache, &paths, count, each)
            });
        });
        group.bench_function("batch", |bencher| {
            bencher.iter_custom(|count| {
                let all = |paths: &[String]| {
                    assert!(cache.batch_invalidate(paths).errors.is_empty());
                };
                time(&cache, &paths, count, all)
            });
        });
        group.finish();
    }
}

criterion_group!(batch, invalidations);
criterion_main!(batch);
