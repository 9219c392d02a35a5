//! What the system knows of this process, under the names all exporters use.

use std::fs;

use cachefs_metrics::{Metric, Report};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// Adds what can be had; where the system does not tell, a number is left out.
pub(super) fn add(report: &mut Report) {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().and_then(|text| Stat::parse(&text)) {
        #[expect(clippy::cast_precision_loss, reason = "ticks far below 2^52")]
        let seconds = |ticks: u64| ticks as f64 / clock_ticks_per_second() as f64;
        report.real(Metric::ProcessCpu, &[], seconds(stat.ticks));
        report.whole(Metric::ProcessMemory, &[], stat.resident_pages * page_size() as u64);
        report.whole(Metric::ProcessThreads, &[], stat.threads);
        if let Some(boot) = booted() {
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
            report.real(Metric::ProcessStart, &[], boot as f64 + seconds(stat.start));
        }
    }
    // Since Linux 6.2 the size of this directory is the number of descriptors: counting them would take long.
    if let Ok(descriptors) = fs::metadata("/proc/self/fd").map(|fd| fd.len())
        && descriptors > 0
    {
        report.whole(Metric::ProcessFds, &[], descriptors);
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        report.whole(Metric::ProcessFdsMax, &[], limit);
    }
}

/// When the system began, in seconds since 1970.
fn booted() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

/// The fields of `/proc/self/stat` that are shown.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    ticks: u64,
    threads: u64,
    /// Ticks after the system began.
    start: u64,
    resident_pages: u64,
}

impl Stat {
    /// The name of the process, in parentheses, may hold anything; fields are counted behind it.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            ticks: field(14)? + field(15)?,
            threads: field(20)?,
            start: field(22)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let text = "7 (a) b) S 1 1 1 0 -1 0 5 6 7 8 30 12 0 0 20 0 9 0 4321 1000 250 0 0";
        let stat = Stat { ticks: 42, threads: 9, start: 4321, resident_pages: 250 };
        assert_eq!(Stat::parse(text), Some(stat));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
    }
}
