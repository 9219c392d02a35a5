//! The curve of a running engine, against engines of the sizes that it tells of.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use cachefs::stats::Counter;
use cachefs::{CacheFs, Coherence, Forecast, PolicyKind};
use cachefs_testkit::SplitMix64;
use cachefs_vfs::{MemFs, VfsExt};

const KIB: usize = 1 << 10;
/// What each file of the trace takes, in a block of its own.
const FILE: usize = 4 * KIB;

/// Recorded while cargo built a program: which path each access was to.
fn recorded() -> Vec<usize> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cachefs-sim/traces/cargo-meta.txt.zst");
    let packed = std::fs::File::open(path).unwrap();
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(packed).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// An engine over so many files, with memory for `held` of them.
fn engine(files: usize, held: usize, policy: PolicyKind) -> CacheFs {
    let source = Arc::new(MemFs::new());
    (0..files).for_each(|number| source.write(number.to_string(), &[7; FILE]).unwrap());
    let builder = CacheFs::builder(source).memory(held * FILE).policy(policy).readahead(0).curve(true);
    builder.coherence(Coherence::Single).build().unwrap()
}

fn replay(cache: &CacheFs, trace: &[usize]) {
    trace.iter().for_each(|number| drop(cache.read(number.to_string()).unwrap()));
}

/// Hits per reference of an engine of this size, in the latest part of the trace.
fn real(trace: &[usize], latest: usize, files: usize, held: usize, policy: PolicyKind) -> f64 {
    let cache = engine(files, held, policy);
    let counts = || [Counter::DataHit, Counter::DataMiss].map(|counter| cache.stats().get(counter) as f64);
    let (before, after) = trace.split_at(trace.len() - latest);
    replay(&cache, before);
    let [old_hits, old_misses] = counts();
    replay(&cache, after);
    let [hits, misses] = counts();
    (hits - old_hits) / (hits - old_hits + misses - old_misses)
}

fn told(forecast: &Forecast, policy: PolicyKind, factor: f64) -> f64 {
    let is_it = |point: &&cachefs::policy::Point| (point.policy, point.factor) == (policy, factor);
    forecast.points.iter().find(is_it).unwrap().hit_ratio
}

#[test]
fn it_foretells_what_a_real_engine_of_twice_the_size_hits() {
    let trace = recorded();
    let files = trace.iter().max().unwrap() + 1;
    for held in [files / 10, files / 5] {
        let cache = engine(files, held, PolicyKind::Lru);
        replay(&cache, &trace);
        let forecast = cache.mrc().unwrap();
        let latest = usize::try_from(forecast.covers).unwrap();
        assert!(forecast.keys >= 2500 && latest > trace.len() / 5, "{} {latest}", forecast.keys);
        for policy in [PolicyKind::Lru, PolicyKind::S3Fifo, PolicyKind::Lirs, PolicyKind::WTinyLfu] {
            for (factor, held) in [(0.5, held / 2), (1.0, held), (2.0, 2 * held)] {
                let real = real(&trace, latest, files, held, policy);
                let told = told(&forecast, policy, factor);
                let most = if policy == PolicyKind::Lru { 0.01 } else { 0.015 };
                assert!((real - told).abs() < most, "{policy} x{factor}: real {real:.4}, told {told:.4}");
            }
        }
    }
}

#[test]
fn it_is_off_where_nobody_wants_it() {
    let cache = CacheFs::builder(Arc::new(MemFs::new())).build().unwrap();
    assert_eq!(cache.mrc(), None);
    let cache = CacheFs::builder(Arc::new(MemFs::new())).curve(true).build().unwrap();
    let forecast = cache.mrc().unwrap();
    assert_eq!((forecast.references, forecast.keys), (0, 0));
    assert_eq!(forecast.points.len(), (PolicyKind::ALL.len() - 1) * 4);
    assert!(forecast.points.iter().all(|point| point.hit_ratio == 0.0));
}

#[test]
fn many_threads_and_many_askers_at_once() {
    let cache = engine(5000, 500, PolicyKind::Lru);
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let cache = cache.clone();
            scope.spawn(move || {
                let mut dice = SplitMix64::new(seed);
                for turn in 0..5000 {
                    let number = dice.next_u64() % (dice.next_u64() % 5000 + 1);
                    cache.read(number.to_string()).unwrap();
                    if turn % 2500 == 0 {
                        let forecast = cache.mrc().unwrap();
                        assert!(forecast.points.iter().all(|point| (0.0..=1.0).contains(&point.hit_ratio)));
                    }
                }
            });
        }
    });
    let forecast = cache.mrc().unwrap();
    assert!(forecast.references > 10_000, "{}", forecast.references);
    let [half, all, twice, four] =
        [0.5, 1.0, 2.0, 4.0].map(|factor| told(&forecast, PolicyKind::Lru, factor));
    assert!(half < all && all < twice && twice < four);
}
