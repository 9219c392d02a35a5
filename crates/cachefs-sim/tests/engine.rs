//! The running engine, whose store is cut into shards, hits as often as the simulation of one cache.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use cachefs::stats::Counter;
use cachefs::{CacheFs, Coherence};
use cachefs_policy::PolicyKind;
use cachefs_sim::{Cache, Request, Trace};
use cachefs_vfs::{Access, MemFs, Name, OpenHow, Vfs, VfsExt};

/// A block of the engine, which each key of the trace is.
const BLOCK: usize = 64 << 10;

fn keys() -> Vec<u64> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces/cargo-meta.txt.zst");
    let trace = Trace::find(&path, None).unwrap();
    trace.requests().unwrap().map(|request| request.unwrap().key).collect()
}

/// A file of one block for each key, all of them holes.
fn files(keys: &[u64]) -> Arc<MemFs> {
    let files = MemFs::new();
    for key in keys.iter().collect::<BTreeSet<_>>() {
        files.write(key.to_string(), &[]).unwrap();
        files.set_len(key.to_string(), BLOCK as u64).unwrap();
    }
    Arc::new(files)
}

/// Percent, of a cache for so many blocks.
fn engine(kind: PolicyKind, keys: &[u64], files: &Arc<MemFs>, blocks: usize) -> f64 {
    let cache = CacheFs::builder(Arc::<MemFs>::clone(files))
        .memory(blocks * BLOCK)
        .coherence(Coherence::Single)
        .readahead(0)
        .workers(0)
        .policy(kind)
        .build()
        .unwrap();
    let root = cache.root().unwrap();
    let mut open = HashMap::new();
    let mut byte = [0];
    for key in keys {
        let file = open.entry(*key).or_insert_with(|| {
            let name = key.to_string();
            root.open(Name::new(&name).unwrap(), OpenHow::new(Access::Read)).unwrap().handle
        });
        assert_eq!(file.read_at(&mut byte, 0).unwrap(), 1);
    }
    percent(cache.stats().get(Counter::DataHit), keys)
}

fn simulation(kind: PolicyKind, keys: &[u64], blocks: usize) -> f64 {
    let mut cache = Cache::new(kind, blocks as u64);
    keys.iter().for_each(|&key| {
        cache.access(Request { key, size: BLOCK as u64, place: None }, 1);
    });
    percent(cache.tally().hits, keys)
}

#[expect(clippy::cast_precision_loss, reason = "counts of some 100,000")]
fn percent(hits: u64, keys: &[u64]) -> f64 {
    100.0 * hits as f64 / keys.len() as f64
}

/// How many points shards may cost. The share of newcomers in LIRS is a hundredth: one or two blocks of a shard.
const fn points(kind: PolicyKind) -> f64 {
    match kind {
        PolicyKind::Lirs => 1.0,
        _ => 0.5,
    }
}

/// 5, 10 and 25 % of the footprint: 165 to 207 blocks to a shard where there are two cores, never less than 128.
#[test]
fn every_policy_hits_as_often_in_shards_as_in_one_piece() {
    let keys = keys();
    let files = files(&keys);
    let mut wrong = Vec::new();
    for blocks in [331, 663, 1656] {
        for kind in PolicyKind::ALL {
            let (run, simulated) = (engine(kind, &keys, &files, blocks), simulation(kind, &keys, blocks));
            let line = format!(
                "{kind} at {blocks}: {run:.2} %, simulated {simulated:.2} %, {:+.2}",
                run - simulated
            );
            println!("{line}");
            // Better by chance is no harm; better by much is another policy.
            if !(-points(kind)..=1.0).contains(&(run - simulated)) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
