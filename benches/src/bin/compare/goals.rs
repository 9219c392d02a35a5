use cachefs_benches::limits::{BATCH, ENGINE, HITS, POLICIES, WARM_MEMORY, WARM_SLOW};
use cachefs_benches::{Figures, Scale};

/// What has to come out.
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) value: fn(&Figures, &Scale) -> Option<f64>,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy)]
pub(crate) enum Bound {
    Least(f64),
    Most(f64),
    /// At most what this comes to.
    Of(fn(&Figures) -> Option<f64>),
}

const HIT: &str = "read hit, 1 KiB";
const FAIR: &str = "resident, zipf 1.1";

const fn goal(what: &'static str, bound: Bound, value: fn(&Figures, &Scale) -> Option<f64>) -> Goal {
    Goal { what, value, bound }
}

pub(crate) const GOALS: [Goal; 25] = [
    goal("read hit 1 KiB: backing calls", Bound::Most(0.0), |f, _| {
        f.row("memory", HIT, "cachefs")?.first.calls
    }),
    goal("read hit 1 KiB: allocations of open, read, close", Bound::Most(1.0), |f, _| {
        f.row("memory", HIT, "cachefs")?.first.allocations
    }),
    goal("read on an open file: allocations", Bound::Most(0.0), |f, _| {
        f.row(HITS, "read 4 KiB", "cachefs")?.first.allocations
    }),
    goal("read hit 1 KiB over memory: times corfs", Bound::Most(1.0), |f, _| {
        times(f, "memory", HIT, "corfs")
    }),
    goal("read hit 1 KiB over memory: times naive", Bound::Most(0.6), |f, _| {
        times(f, "memory", HIT, "naive")
    }),
    goal("read hit 1 KiB over slow: times corfs", Bound::Most(0.05), |f, _| times(f, "slow", HIT, "corfs")),
    goal(
        "open file, 4 KiB, ns (80, or 1.6 x memcpy)",
        Bound::Of(|f| Some(f64::max(80.0, 1.6 * f.nanos(HITS, "read 4 KiB", "memcpy")?))),
        |f, _| f.nanos(HITS, "read 4 KiB", "cachefs"),
    ),
    goal("open file, 64 KiB: times memcpy", Bound::Most(1.15), |f, _| {
        times(f, HITS, "read 64 KiB", "memcpy")
    }),
    goal("attributes by path, ns", Bound::Most(40.0), |f, _| f.nanos(HITS, "attributes", "cachefs, by path")),
    goal("attributes by handle, ns", Bound::Most(15.0), |f, _| {
        f.nanos(HITS, "attributes", "cachefs, by handle")
    }),
    goal("blocks, zipf 1.1: two threads times one", Bound::Least(1.8), |f, _| {
        Some(f.nanos(FAIR, "1 thread", "cachefs")? / f.nanos(FAIR, "2 threads", "cachefs")?)
    }),
    goal("blocks, 1 thread: times quick_cache's throughput", Bound::Least(1.2), |f, _| {
        faster(f, "1 thread", "quick_cache")
    }),
    goal("blocks, 2 threads: times quick_cache's throughput", Bound::Least(1.2), |f, _| {
        faster(f, "2 threads", "quick_cache")
    }),
    goal("blocks, 1 thread: times moka's throughput", Bound::Least(2.0), |f, _| {
        faster(f, "1 thread", "moka")
    }),
    goal("blocks, 2 threads: times moka's throughput", Bound::Least(2.0), |f, _| {
        faster(f, "2 threads", "moka")
    }),
    goal("evict in a policy, by entries: slowest over fastest, worst policy", Bound::Most(1.3), |f, _| {
        growth(f, POLICIES)
    }),
    goal("evict in a policy: allocations, worst policy", Bound::Most(0.0), |f, _| {
        let rows = f.rows().iter().filter(|row| row.first.group == POLICIES);
        rows.filter_map(|row| row.first.allocations).reduce(f64::max)
    }),
    goal("evict in the engine, by entries: slowest over fastest", Bound::Most(1.3), |f, _| growth(f, ENGINE)),
    goal("invalidate 1000 paths at once: times faster than one by one", Bound::Least(3.0), |f, _| {
        let took = |who| f.nanos(BATCH, "invalidate 1000 paths", who);
        Some(took("one by one")? / took("at once")?)
    }),
    goal("warm 1000 files over memory, 8 workers, ms", Bound::Most(2.0), |f, scale| {
        Some(f.nanos(WARM_MEMORY, "8", "cachefs")? / 1e6 / scale.files as f64 * 1000.0)
    }),
    goal("warm over slow: times what its calls take, worst", Bound::Most(1.3), |f, scale| {
        let rows = f.rows().iter().filter(|row| row.first.group == WARM_SLOW);
        let over = rows.map(|row| {
            let workers: f64 = row.first.case.parse().ok()?;
            Some(row.median() / (row.first.calls? / workers * scale.latency.as_secs_f64() * 1e9))
        });
        over.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
    }),
    goal("warm over memory: more workers over fewer, worst (0.05 for noise)", Bound::Most(1.05), |f, _| {
        more(f, WARM_MEMORY)
    }),
    goal("warm over slow: more workers over fewer, worst (0.05 for noise)", Bound::Most(1.05), |f, _| {
        more(f, WARM_SLOW)
    }),
    goal("read miss 1 KiB over memory: ns more than raw", Bound::Most(1000.0), |f, _| {
        let miss = |who| f.nanos("memory", "read miss, 1 KiB", who);
        Some(miss("cachefs")? - miss("raw")?)
    }),
    goal("read miss 1 KiB over a directory: ns more than raw", Bound::Most(1000.0), |f, _| {
        let miss = |who| f.nanos("local", "read miss, 1 KiB", who);
        Some(miss("cachefs")? - miss("raw")?)
    }),
];

impl Goal {
    /// The bound in words, and whether the value is within.
    pub(crate) fn judge(&self, figures: &Figures, value: f64) -> Option<(String, bool)> {
        Some(match self.bound {
            Bound::Least(least) => (format!("at least {least}"), value >= least),
            Bound::Most(most) => (format!("at most {most}"), value <= most),
            Bound::Of(bound) => {
                let most = bound(figures)?;
                (format!("at most {most:.0}"), value <= most)
            }
        })
    }
}

/// What cachefs takes, in times of what another one takes.
fn times(figures: &Figures, group: &str, case: &str, other: &str) -> Option<f64> {
    Some(figures.nanos(group, case, "cachefs")? / figures.nanos(group, case, other)?)
}

fn faster(figures: &Figures, case: &str, other: &str) -> Option<f64> {
    times(figures, FAIR, case, other).map(|times| 1.0 / times)
}

/// The most that anybody's time differs between cases.
fn growth(figures: &Figures, group: &str) -> Option<f64> {
    let cases = figures.cases(group);
    let of = |who: &str| {
        let all: Vec<f64> = cases.iter().filter_map(|case| figures.nanos(group, case, who)).collect();
        let (low, high) = (all.iter().copied().reduce(f64::min)?, all.iter().copied().reduce(f64::max)?);
        Some(high / low)
    };
    figures.contenders(group).into_iter().filter_map(of).reduce(f64::max)
}

/// The most that a case takes in times of the case before.
fn more(figures: &Figures, group: &str) -> Option<f64> {
    let all: Vec<f64> =
        figures.cases(group).iter().filter_map(|case| figures.nanos(group, case, "cachefs")).collect();
    all.windows(2).map(|pair| pair[1] / pair[0]).reduce(f64::max)
}
