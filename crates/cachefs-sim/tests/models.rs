//! Hits counted by the simulator against those of slow, obvious models: of every policy on the traces that are
//! shipped, and of the optimum on all small traces by trying everything.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::HashMap;
use std::path::PathBuf;

use cachefs_policy::{EvictionPolicy, PolicyKind};
use cachefs_sim::{Belady, Cache, NextUses, Request, Trace};

#[path = "../../cachefs-policy/tests/model/mod.rs"]
mod model;

/// Of every policy, but for `hybrid` at sizes where it looks at entries chosen at random.
fn model_of(kind: PolicyKind, capacity: u64) -> Option<Box<dyn EvictionPolicy>> {
    Some(match kind {
        PolicyKind::S3Fifo => Box::new(model::s3fifo::Model::new(capacity)),
        PolicyKind::Lru => Box::new(model::lru::Model::default()),
        PolicyKind::Lru2 => Box::new(model::lru2::Model::new(capacity)),
        PolicyKind::Lfu => Box::new(model::lfu::Model::default()),
        PolicyKind::TwoQ => Box::new(model::two_q::Model::new(capacity)),
        PolicyKind::Arc => Box::new(model::arc::Model::new(capacity)),
        PolicyKind::Lirs => Box::new(model::lirs::Model::new(capacity)),
        PolicyKind::Sieve => Box::new(model::sieve::Model::default()),
        PolicyKind::WTinyLfu => Box::new(model::wtinylfu::Model::new(capacity)),
        PolicyKind::Gdsf => Box::new(model::gdsf::Model::default()),
        PolicyKind::Ttl => Box::new(model::ttl::Model::default()),
        PolicyKind::Fifo => Box::new(model::fifo::Model::default()),
        PolicyKind::Clock => Box::new(model::clock::Model::default()),
        PolicyKind::Hybrid if capacity <= u64::try_from(cachefs_policy::Hybrid::SAMPLE).unwrap() => {
            Box::new(model::hybrid::Model::default())
        }
        PolicyKind::Hybrid => return None,
    })
}

fn shipped(name: &str) -> Vec<Request> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces").join(name);
    let trace = Trace::find(&path, None).unwrap();
    trace.requests().unwrap().map(Result::unwrap).collect()
}

fn agree(requests: &[Request], capacity: u64, weight: impl Fn(&Request) -> u64) {
    for kind in PolicyKind::ALL {
        let Some(model) = model_of(kind, capacity) else { continue };
        let (mut cache, mut slow) = (Cache::new(kind, capacity), Cache::with_policy(model, capacity));
        for (step, request) in requests.iter().enumerate() {
            let weight = weight(request);
            let (hit, expected) = (cache.access(*request, weight), slow.access(*request, weight));
            assert_eq!(hit, expected, "{kind} at {capacity}, step {step}");
        }
        assert_eq!(cache.tally(), slow.tally());
    }
}

/// 1, 5, 10, 25 % of its footprint, and next to nothing.
#[test]
fn every_policy_hits_as_its_model_does_by_entries() {
    let requests = shipped("cargo-meta.txt.zst");
    for capacity in [1, 7, 66, 331, 663, 1656] {
        agree(&requests, capacity, |_| 1);
    }
}

#[test]
fn every_policy_hits_as_its_model_does_by_bytes() {
    let requests = shipped("cargo-files.sized.txt.zst");
    for capacity in [1 << 16, 9_922_365, 49_611_825, 99_223_651, 248_059_129] {
        agree(&requests, capacity, |request| request.size.max(1));
    }
}

/// As the engine would keep the files: 1, 5 % of them.
#[test]
fn every_policy_hits_as_its_model_does_by_blocks() {
    let blocks = |file: Request| {
        let count = file.size.min(16 << 20).div_ceil(64 << 10);
        (0..count).map(move |block| Request { key: file.key << 16 | block, ..file })
    };
    let requests: Vec<_> = shipped("cargo-files.sized.txt.zst").into_iter().flat_map(blocks).collect();
    for capacity in [110, 550] {
        agree(&requests, capacity, |_| 1);
    }
}

/// LRU and FIFO once more, with nothing of ours but the trace.
#[test]
fn recency_and_age_are_those_of_a_plain_list() {
    let requests = shipped("cargo-meta.txt.zst");
    for (kind, by_use) in [(PolicyKind::Lru, true), (PolicyKind::Fifo, false)] {
        let (mut cache, mut list) = (Cache::new(kind, 100), Vec::new());
        let mut hits = 0;
        for request in &requests {
            cache.access(*request, 1);
            let place = list.iter().position(|key| *key == request.key);
            hits += u64::from(place.is_some());
            if let Some(place) = place.filter(|_| by_use) {
                list.remove(place);
            }
            if place.is_none() || by_use {
                list.push(request.key);
            }
            if list.len() > 100 {
                list.remove(0);
            }
        }
        assert_eq!(cache.tally().hits, hits, "{kind}");
    }
}

fn next_uses(keys: &[u64]) -> Vec<u64> {
    let next = |now: usize| keys[now + 1..].iter().position(|key| *key == keys[now]).map(|far| now + 1 + far);
    (0..keys.len())
        .map(|now| next(now).map_or(NextUses::NEVER, |next| u64::try_from(next).unwrap()))
        .collect()
}

fn optimum(keys: &[u64], capacity: u64) -> u64 {
    let mut cache = Belady::new(capacity);
    for (key, next) in keys.iter().zip(next_uses(keys)) {
        cache.access(Request { key: *key, size: 1, place: None }, 1, next);
    }
    cache.tally().hits
}

/// The most hits any choice of victims leads to; `cache` is sorted.
fn best(keys: &[u64], cache: &[u64], capacity: usize, known: &mut HashMap<(usize, Vec<u64>), u64>) -> u64 {
    let Some((key, rest)) = keys.split_first() else { return 0 };
    if cache.contains(key) {
        return 1 + best(rest, cache, capacity, known);
    }
    if let Some(hits) = known.get(&(keys.len(), cache.to_vec())) {
        return *hits;
    }
    let with = |kept: &[u64]| {
        let mut after = kept.to_vec();
        after.push(*key);
        after.sort_unstable();
        after
    };
    let hits = if cache.len() < capacity {
        best(rest, &with(cache), capacity, known)
    } else {
        let without = |victim: u64| cache.iter().copied().filter(|key| *key != victim).collect::<Vec<_>>();
        cache.iter().map(|victim| best(rest, &with(&without(*victim)), capacity, known)).max().unwrap()
    };
    known.insert((keys.len(), cache.to_vec()), hits);
    hits
}

#[test]
fn nothing_hits_more_than_the_optimum_and_something_as_much() {
    let mut state = 1_u64;
    for round in 0..400 {
        let keys: Vec<u64> = (0..24)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % 7
            })
            .collect();
        for capacity in 1..=4 {
            let expected = best(&keys, &[], usize::try_from(capacity).unwrap(), &mut HashMap::new());
            assert_eq!(optimum(&keys, capacity), expected, "round {round}: {keys:?} at {capacity}");
        }
    }
}

/// Large entries do not drive out what is used before them.
#[test]
fn the_weighted_optimum_refuses_what_is_not_worth_it() {
    let keys = [1, 2, 9, 1, 2, 9];
    let mut cache = Belady::weighted(10);
    for (key, next) in keys.into_iter().zip(next_uses(&keys)) {
        let weight = if key == 9 { 10 } else { 5 };
        cache.access(Request { key, size: weight, place: None }, weight, next);
    }
    assert_eq!(cache.tally().hits, 2);
}
