use std::fmt::Write;

use cachefs_fuse::control::{CacheUse, Latency, Stat, plain};
use indicatif::HumanBytes;

use super::line::time;
use crate::status;

/// Everything, for people.
pub(super) fn shown(stat: &Stat) -> String {
    let mut text = status::shown(&stat.mount);
    let held = &stat.held;
    _ = write!(
        text,
        "\nheld          {} blocks, {} attributes, {} names, {} listing entries, {} files open",
        held.blocks, held.attributes, held.names, held.listing_entries, held.handles
    );
    if held.pinned_files > 0 {
        _ = write!(
            text,
            "\npinned        {} files, {} of memory",
            held.pinned_files,
            HumanBytes(held.pinned_bytes)
        );
    }
    for cache in &stat.caches {
        _ = write!(text, "\n{:13} {}", named(&cache.cache), ratio(cache));
    }
    bytes(&mut text, stat);
    requests(&mut text, stat);
    source(&mut text, stat);
    coherence(&mut text, stat);
    text.push_str(
        "\n\nWhat the kernel serves by itself comes to nobody here, and is in none of these numbers.",
    );
    text
}

/// A kind of cache, as people call it.
pub(crate) fn named(cache: &str) -> &str {
    match cache {
        "data" => "blocks",
        "attr" => "attributes",
        "dentry" => "names",
        "negative" => "missing names",
        "readdir" => "listings",
        other => other,
    }
}

fn ratio(cache: &CacheUse) -> String {
    match cache.hit_ratio {
        None => "not asked for".to_owned(),
        Some(ratio) => format!(
            "{:.1} % of {} from memory{}",
            100.0 * ratio,
            cache.hits + cache.misses + cache.bypassed,
            if cache.bypassed > 0 { format!(", {} past the cache", cache.bypassed) } else { String::new() }
        ),
    }
}

fn bytes(text: &mut String, stat: &Stat) {
    let read = &stat.bytes;
    if let Some(ratio) = read.hit_ratio {
        let sum = HumanBytes(read.hit + read.missed + read.bypassed);
        _ = write!(text, "\nbytes         {:.1} % of {sum} read from memory", 100.0 * ratio);
    }
    let reasons: Vec<String> = (stat.misses.iter().filter(|(_, count)| **count > 0))
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    if !reasons.is_empty() {
        _ = write!(text, "\nmissed for    {}", reasons.join(", "));
    }
    let gone = &stat.evictions;
    _ = write!(text, "\nevicted       {} blocks, {}", gone.blocks, HumanBytes(gone.bytes));
    if gone.refused > 0 {
        _ = write!(text, "; {} times no memory was free", gone.refused);
    }
}

fn requests(text: &mut String, stat: &Stat) {
    let seen = &stat.requests;
    _ = write!(
        text,
        "\nrequests      {}, {} errors, {} timed out, {} in flight; the kernel knows {} inodes\n{}",
        seen.received,
        seen.errors,
        seen.timed_out,
        seen.in_flight,
        seen.inodes,
        latency("all", &seen.all)
    );
    for op in &seen.ops {
        _ = write!(text, "\n{}", latency(&op.op, &op.latency));
    }
}

fn source(text: &mut String, stat: &Stat) {
    let source = &stat.source;
    _ = write!(
        text,
        "\nsource        {} calls, {} errors, {} in flight; {} read, {} written",
        source.calls,
        source.errors,
        source.in_flight,
        HumanBytes(source.read_bytes),
        HumanBytes(source.written_bytes)
    );
    for op in &source.ops {
        _ = write!(text, "\n{}", latency(&op.op, &op.latency));
    }
}

fn latency(name: &str, latency: &Latency) -> String {
    let at = |seconds| time(Some(seconds));
    format!(
        "  {name:15} {:>10}  p50 {:>8}  p95 {:>8}  p99 {:>8}",
        latency.count,
        at(latency.p50_seconds),
        at(latency.p95_seconds),
        at(latency.p99_seconds)
    )
}

fn coherence(text: &mut String, stat: &Stat) {
    let coherence = &stat.coherence;
    _ = write!(text, "\ncoherence     {}", coherence.mode);
    if let Some(watch) = &coherence.watch {
        let state = match &watch.why_not {
            None => "stands".to_owned(),
            Some(why) => format!("is lost ({}): each open and look-up asks the source", plain(why)),
        };
        _ = write!(
            text,
            ": the watch ({}) {state}; {} notices, {} overflows, {} directories not covered, {} files looked at \
             again and again",
            watch.method, watch.events, watch.overflows, watch.uncovered_dirs, watch.files_rechecked
        );
    }
    if let Some(why) = &coherence.no_watch {
        _ = write!(text, ": no watch ({})", plain(why));
    }
}

#[cfg(test)]
mod tests {
    use cachefs_fuse::control::WatchTold;

    use super::*;

    #[test]
    fn a_report_says_what_is_and_what_it_does_not_see() {
        let mut stat = Stat::default();
        stat.caches.push(CacheUse {
            cache: "data".into(),
            hits: 3,
            misses: 1,
            bypassed: 0,
            hit_ratio: Some(0.75),
        });
        stat.misses.insert("cold".into(), 1);
        stat.requests.all.p99_seconds = 0.0015;
        let why_not = Some("gone".into());
        stat.coherence.watch = Some(WatchTold { method: "inotify".into(), why_not, ..WatchTold::default() });
        let text = shown(&stat);
        for part in [
            "blocks        75.0 % of 4 from memory",
            "missed for    cold 1",
            "p99    1.5ms",
            "the watch (inotify) is lost (gone)",
            "in none of these numbers",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
