use cachefs::stats::{BackingVerb, Counter, HistogramSnapshot, Snapshot};
use cachefs_fuse::RequestSnapshot;
use cachefs_fuse::control::{
    ByteUse, CacheUse, CoherenceTold, Evictions, Holding, Latency, OpLatency, Refusal, Request, RequestUse,
    SourceUse, Stat, Talk, WatchTold,
};
use serde_json::Value;

use super::{Mounted, status, told};

pub(super) fn run(mounted: &Mounted, _: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    let (engine, usage) = (mounted.cache.stats(), mounted.cache.usage());
    told(&Stat {
        mount: status::of(mounted),
        caches: caches(&engine),
        bytes: bytes(&engine),
        misses: misses(&engine),
        held: Holding {
            blocks: usage.blocks as u64,
            pinned_files: usage.pinned_files as u64,
            pinned_bytes: usage.pinned_bytes as u64,
            attributes: usage.attributes as u64,
            names: usage.names as u64,
            listing_entries: usage.listing_entries as u64,
            handles: usage.backing_handles as u64,
        },
        evictions: Evictions {
            blocks: engine.get(Counter::EvictedForBytes) + engine.get(Counter::EvictedForEntries),
            bytes: engine.get(Counter::EvictedBytes),
            refused: engine.get(Counter::AdmissionRefused),
        },
        source: source(&engine, usage.backing_in_flight as u64),
        requests: requests(&mounted.observer.requests()),
        coherence: coherence(mounted),
    })
}

fn caches(engine: &Snapshot) -> Vec<CacheUse> {
    let one = |cache: &str, hits, misses: u64, bypassed| {
        let hits = engine.get(hits);
        CacheUse {
            cache: cache.to_owned(),
            hits,
            misses,
            bypassed,
            hit_ratio: ratio(hits, misses + bypassed),
        }
    };
    let simple = |cache, hits, misses| one(cache, hits, engine.get(misses), 0);
    let missed = engine.get(Counter::DataMiss) + engine.get(Counter::Coalesced);
    vec![
        one("data", Counter::DataHit, missed, engine.get(Counter::DataBypass)),
        simple("attr", Counter::AttrHit, Counter::AttrMiss),
        simple("dentry", Counter::NameHit, Counter::NameMiss),
        simple("negative", Counter::NegativeHit, Counter::NegativeMiss),
        simple("readdir", Counter::ListingHit, Counter::ListingMiss),
    ]
}

fn bytes(engine: &Snapshot) -> ByteUse {
    ByteUse {
        hit: engine.get(Counter::HitBytes),
        missed: engine.get(Counter::MissBytes),
        bypassed: engine.get(Counter::BypassBytes),
        hit_ratio: engine.byte_hit_ratio(),
    }
}

fn misses(engine: &Snapshot) -> std::collections::BTreeMap<String, u64> {
    let reasons = Counter::ALL.iter().filter(|counter| counter.name() == "cache_misses_total");
    let named = |counter: &Counter| {
        let (_, reason) = counter.labels().first()?;
        Some(((*reason).to_owned(), engine.get(*counter)))
    };
    reasons.filter_map(named).collect()
}

fn source(engine: &Snapshot, in_flight: u64) -> SourceUse {
    let op = |&verb: &BackingVerb| {
        let latency = engine.latency(verb).filter(|latency| latency.count() > 0)?;
        Some(OpLatency { op: verb.name().to_owned(), latency: engine_latency(latency) })
    };
    SourceUse {
        calls: engine.calls_total(),
        errors: BackingVerb::ALL.iter().map(|&verb| engine.errors(verb)).sum(),
        in_flight,
        read_bytes: engine.get(Counter::BackingReadBytes),
        written_bytes: engine.get(Counter::BackingWrittenBytes),
        ops: BackingVerb::ALL.iter().filter_map(op).collect(),
    }
}

fn engine_latency(latency: &HistogramSnapshot) -> Latency {
    let at = |share| seconds(latency.quantile(share));
    let count = latency.count();
    Latency {
        count,
        mean_seconds: seconds(latency.sum().checked_div(count).unwrap_or_default()),
        p50_seconds: at(0.5),
        p95_seconds: at(0.95),
        p99_seconds: at(0.99),
    }
}

fn requests(seen: &RequestSnapshot) -> RequestUse {
    let mut all = cachefs_fuse::HistogramSnapshot::default();
    let mut buckets = std::collections::BTreeMap::new();
    for op in &seen.ops {
        all.count += op.durations.count;
        all.sum += op.durations.sum;
        for &(upper, count) in &op.durations.buckets {
            *buckets.entry(upper).or_insert(0) += count;
        }
    }
    all.buckets = buckets.into_iter().collect();
    let ops = seen.ops.iter().filter(|op| op.durations.count > 0);
    RequestUse {
        received: seen.ops.iter().map(|op| op.received).sum(),
        errors: seen.errors.iter().map(|error| error.count).sum(),
        timed_out: seen.timed_out,
        in_flight: seen.in_flight,
        inodes: seen.inodes,
        all: mount_latency(&all),
        durations: all.buckets.iter().map(|(upper, count)| (upper.as_secs_f64(), *count)).collect(),
        ops: ops
            .map(|op| OpLatency { op: op.op.name().to_owned(), latency: mount_latency(&op.durations) })
            .collect(),
    }
}

fn mount_latency(latency: &cachefs_fuse::HistogramSnapshot) -> Latency {
    let at = |share| latency.quantile(share).unwrap_or_default().as_secs_f64();
    let mean = latency.sum.as_secs_f64() / whole(latency.count.max(1));
    Latency {
        count: latency.count,
        mean_seconds: mean,
        p50_seconds: at(0.5),
        p95_seconds: at(0.95),
        p99_seconds: at(0.99),
    }
}

fn coherence(mounted: &Mounted) -> CoherenceTold {
    let watch = mounted.cache.coherence().watch.map(|watch| WatchTold {
        method: mounted.freshness.watched().unwrap_or_default().to_owned(),
        valid: watch.lost.is_none(),
        why_not: watch.lost.as_ref().map(ToString::to_string),
        events: watch.usage.events,
        overflows: watch.usage.overflows,
        uncovered_dirs: watch.uncovered_dirs,
        files_rechecked: watch.files_rechecked as u64,
    });
    CoherenceTold {
        mode: mounted.freshness.name().to_owned(),
        watch,
        no_watch: mounted.freshness.no_watch.clone(),
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

fn ratio(hits: u64, rest: u64) -> Option<f64> {
    (hits + rest > 0).then(|| whole(hits) / whole(hits + rest))
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 53 bits")]
fn whole(count: u64) -> f64 {
    count as f64
}
