//! Hits of the metadata cache by handle, by name and by path: what the cache itself costs, on one thread and on two at
//! once.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot set up its tree may panic")]

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::{CacheFs, Coherence};
use cachefs_testkit::OutsideFs;
use cachefs_vfs::{Access, MemFs, Name, OpenHow, Vfs, VfsExt, WatchHow};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Names in the directory that is looked into.
const FILES: usize = 2000;

/// One hit; the number tells it which, where there are many.
type Hit = Box<dyn Fn(usize) + Send + Sync>;

fn modes() -> [(&'static str, Coherence); 3] {
    let hour = Duration::from_secs(3600);
    [
        ("ttl", Coherence::Ttl(hour)),
        ("watch", Coherence::Watch(WatchHow::default())),
        ("single", Coherence::Single),
    ]
}

/// A cache that knows all of `a/b/c` and what is not in it.
fn known(mode: Coherence) -> CacheFs {
    let memory = Arc::new(MemFs::new());
    memory.create_dir_all("a/b/c").unwrap();
    memory.write("top", &[7; 4096]).unwrap();
    (0..FILES).for_each(|number| memory.write(format!("a/b/c/file{number}"), &[7; 4096]).unwrap());
    let told = Arc::new(OutsideFs::new(memory));
    let cache = CacheFs::builder(told).coherence(mode).recheck(Duration::ZERO).readahead(0).build().unwrap();
    for _ in 0..2 {
        for path in ["", "top", "a", "a/b", "a/b/c"] {
            cache.stat(path).unwrap();
        }
        for number in 0..FILES {
            cache.read(format!("a/b/c/file{number}")).unwrap();
            assert!(!cache.exists(format!("a/b/c/none{number}")).unwrap());
        }
    }
    cache
}

fn hits(cache: &CacheFs) -> Vec<(&'static str, Hit)> {
    let name = |text: &'static str| Name::new(text).unwrap();
    let (root, dir) = (cache.root().unwrap(), cache.dir("a/b/c").unwrap());
    let file = dir.open(name("file7"), OpenHow::new(Access::Read)).unwrap().handle;
    let (dir2, dir3, dir4, dir5) = (dir.clone(), dir.clone(), dir.clone(), dir.clone());
    let (cache1, cache4, cache0) = (cache.clone(), cache.clone(), cache.clone());
    let names: Vec<String> = (0..FILES).map(|number| format!("file{}", number * 7919 % FILES)).collect();
    vec![
        ("attr_file", Box::new(move |_| done(file.attr().is_ok()))),
        ("attr_dir", Box::new(move |_| done(dir.attr().is_ok()))),
        ("stat", Box::new(move |_| done(dir2.stat(name("file7")).is_ok()))),
        ("stat_many", Box::new(move |at| done(dir3.stat(Name::new(&names[at % FILES]).unwrap()).is_ok()))),
        ("missing", Box::new(move |_| done(dir4.stat(name("none7")).is_err()))),
        ("path1", Box::new(move |_| done(cache1.stat("top").is_ok()))),
        ("path4", Box::new(move |_| done(cache4.stat("a/b/c/file7").is_ok()))),
        ("path4_missing", Box::new(move |_| done(!cache0.exists("a/b/c/none7").unwrap()))),
        ("dir", Box::new(move |_| done(root.dir(name("a")).is_ok()))),
        ("open", Box::new(move |_| done(dir5.open(name("file7"), OpenHow::new(Access::Read)).is_ok()))),
    ]
}

fn done(hit: bool) {
    assert!(black_box(hit));
}

/// The mean time that `threads` at once take for `count` hits each.
fn time(hit: &Hit, threads: usize, count: u64) -> Duration {
    let count = usize::try_from(count).unwrap();
    let barrier = Barrier::new(threads);
    let run = |first: usize| {
        hit(first);
        barrier.wait();
        let begun = Instant::now();
        (first..first + count).for_each(hit);
        begun.elapsed()
    };
    let total: Duration = thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> =
            (0..threads).map(|number| scope.spawn(move || run(number * FILES / 2))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    total / u32::try_from(threads).unwrap()
}

fn metadata_hits(criterion: &mut Criterion) {
    for (mode, coherence) in modes() {
        let mut group = criterion.benchmark_group(format!("metadata_hit/{mode}"));
        group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800));
        let cache = known(coherence);
        for (what, hit) in hits(&cache) {
            for threads in [1, 2] {
                group.bench_function(BenchmarkId::new(what, threads), |bencher| {
                    bencher.iter_custom(|count| time(&hit, threads, count));
                });
            }
        }
        group.finish();
    }
}

criterion_group!(metadata, metadata_hits);
criterion_main!(metadata);
