use std::sync::Arc;

use cachefs::CacheFs;
use cachefs::stats::Counter;
use cachefs_fuse::Observer;
use cachefs_fuse::control::Dirty;
use cachefs_metrics::Observed;

use super::back::Back;
use crate::exporter::Sample;
use crate::warm::Progress;

/// Tells what happened so far.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    cache: CacheFs,
    observer: Observer,
    warming: Arc<Progress>,
    back: Option<Arc<Back>>,
}

impl Reporter {
    /// Over these.
    pub(super) fn new(
        cache: CacheFs,
        observer: Observer,
        warming: Arc<Progress>,
        back: Option<Arc<Back>>,
    ) -> Self {
        Self { cache, observer, warming, back }
    }

    /// All there is to tell.
    pub(super) fn sample(&self) -> Sample {
        Sample {
            engine: Observed::of(&self.cache),
            requests: self.observer.requests(),
            warm_remaining_files: self.warming.remaining_files(),
            back: self.back.as_ref().map(|back| back.told()),
        }
    }

    /// Writes it to the log, in a few lines.
    pub(super) fn log(&self) {
        let sample = self.sample();
        let (engine, requests, held) = (&sample.engine.stats, &sample.requests, &sample.engine.usage);
        tracing::info!(
            hits = engine.get(Counter::DataHit),
            misses = engine.get(Counter::DataMiss),
            coalesced = engine.get(Counter::Coalesced),
            bypassed = engine.get(Counter::DataBypass),
            hit_ratio = engine.hit_ratio(),
            evicted = engine.get(Counter::EvictedForBytes) + engine.get(Counter::EvictedForEntries),
            "blocks"
        );
        tracing::info!(
            attr_hits = engine.get(Counter::AttrHit),
            attr_misses = engine.get(Counter::AttrMiss),
            name_hits = engine.get(Counter::NameHit) + engine.get(Counter::NegativeHit),
            name_misses = engine.get(Counter::NameMiss) + engine.get(Counter::NegativeMiss),
            listing_hits = engine.get(Counter::ListingHit),
            listing_misses = engine.get(Counter::ListingMiss),
            "metadata"
        );
        tracing::info!(
            bytes = held.bytes,
            capacity_bytes = held.bytes_max,
            blocks = held.blocks,
            attributes = held.attributes,
            names = held.names,
            listing_entries = held.listing_entries,
            "held"
        );
        tracing::info!(
            calls = engine.calls_total(),
            read_bytes = engine.get(Counter::BackingReadBytes),
            written_bytes = engine.get(Counter::BackingWrittenBytes),
            in_flight = held.backing_in_flight,
            files_open = held.backing_handles,
            "source"
        );
        if let Some(watch) = &sample.engine.watch {
            tracing::info!(
                events = watch.usage.events,
                own = watch.usage.own,
                overflows = watch.usage.overflows,
                marks = watch.usage.marks,
                uncovered = watch.uncovered_dirs,
                rechecked = watch.files_rechecked,
                lost = watch.lost.is_some(),
                "watch"
            );
            let notices = &requests.notices;
            tracing::info!(
                sent = notices.sent.iter().map(|sent| sent.count).sum::<u64>(),
                failed = notices.failed,
                overflows = notices.overflows,
                waiting = notices.waiting,
                "notices to the kernel"
            );
        }
        if let Some(back) = &sample.back {
            log_back(back);
        }
        tracing::info!(
            answered = requests.ops.iter().map(|op| op.durations.count).sum::<u64>(),
            errors = requests.errors.iter().map(|error| error.count).sum::<u64>(),
            timed_out = requests.timed_out,
            in_flight = requests.in_flight,
            inodes = requests.inodes,
            "requests"
        );
    }
}

fn log_back(back: &Dirty) {
    tracing::info!(
        dirty_bytes = back.dirty_bytes,
        dirty_files = back.dirty_files,
        oldest_seconds = back.oldest_dirty_age_seconds,
        journal_bytes = back.journal_bytes,
        flushes = back.flushes,
        flush_failures = back.flush_failures,
        flushed_bytes = back.flushed_bytes,
        throttled_seconds = back.throttled_seconds,
        conflicts = back.conflicts,
        lost_bytes = back.lost_bytes,
        "writing back"
    );
}
