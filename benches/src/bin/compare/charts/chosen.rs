use cachefs_benches::limits::{ENGINE, POLICIES, WARM_MEMORY, WARM_SLOW};
use cachefs_benches::{Backing, Figures, blocks};

use super::{Chart, Series, bytes, dots, label, lines};
use crate::Result;

/// The sizes of the read hits: what the cases are called, and bytes.
const SIZES: [(&str, &str); 5] = [
    ("read hit, 64 B", "64"),
    ("read hit, 1 KiB", "1024"),
    ("read hit, 4 KiB", "4096"),
    ("read hit, 64 KiB", "65536"),
    ("read hit, 1 MiB", "1048576"),
];

/// File names, and what is in them.
pub(crate) fn all(figures: &Figures) -> Result<Vec<(&'static str, String)>> {
    let mut charts = vec![("read-hit.svg", lines::draw(&hits(figures))?)];
    for (backing, name, title) in [
        (Backing::Memory, "memory.svg", "Over memory: what a cache itself costs"),
        (Backing::Local, "local.svg", "Over a local directory"),
        (Backing::Slow, "slow.svg", "Over a backing that takes some milliseconds per call"),
    ] {
        let cases = figures.cases(backing.name());
        let chart = by_contender(figures, backing.name(), title, &cases);
        charts.push((name, dots::draw(&Chart { values: "time per operation, us", ..scaled(chart, 1e3) })?));
    }
    charts.push(("throughput.svg", dots::draw(&throughput(figures))?));
    charts.push(("eviction.svg", dots::draw(&eviction(figures))?));
    charts.push(("warming.svg", lines::draw(&warming(figures))?));
    Ok(charts)
}

fn by_contender<'a>(figures: &Figures, group: &str, title: &'a str, cases: &[&str]) -> Chart<'a> {
    let series = figures.contenders(group).into_iter().map(|who| Series {
        name: who.to_owned(),
        values: cases.iter().map(|case| figures.nanos(group, case, who)).collect(),
    });
    Chart {
        title,
        values: "time per operation, ns",
        rows_label: "",
        row_name: label,
        series: series.collect(),
        rows: cases.iter().map(|&case| case.to_owned()).collect(),
    }
}

fn scaled(mut chart: Chart<'_>, by: f64) -> Chart<'_> {
    let values = chart.series.iter_mut().flat_map(|series| &mut series.values);
    values.flatten().for_each(|value| *value /= by);
    chart
}

fn hits(figures: &Figures) -> Chart<'static> {
    let cases = SIZES.map(|(case, _)| case);
    let mut chart = by_contender(
        figures,
        Backing::Memory.name(),
        "Read hit over memory: open, read it all, close",
        &cases,
    );
    chart.series.retain(|series| series.values.iter().any(Option::is_some));
    Chart {
        rows_label: "file size",
        row_name: bytes,
        rows: SIZES.map(|(_, bytes)| bytes.to_owned()).to_vec(),
        ..chart
    }
}

/// Millions of look-ups a second.
fn throughput(figures: &Figures) -> Chart<'static> {
    let (group, _) = blocks::SKEWS[1];
    let stores = figures.contenders(group);
    let series = figures.cases(group).into_iter().map(|case| Series {
        name: case.to_owned(),
        values: stores.iter().map(|who| Some(1e3 / figures.nanos(group, case, who)?)).collect(),
    });
    Chart {
        title: "Blocks of 4 KiB, all resident, zipf 1.1: look up and copy out",
        values: "million blocks per second",
        rows_label: "",
        row_name: label,
        series: series.collect(),
        rows: stores.iter().map(|&who| who.to_owned()).collect(),
    }
}

fn eviction(figures: &Figures) -> Chart<'static> {
    let policies = figures.contenders(POLICIES);
    let series = figures.cases(POLICIES).into_iter().map(|case| Series {
        name: format!("{case} entries"),
        values: policies
            .iter()
            .map(|who| figures.nanos(POLICIES, case, who))
            .chain([figures.nanos(ENGINE, case, "cachefs")])
            .collect(),
    });
    let mut rows: Vec<String> = policies.iter().map(|&who| who.to_owned()).collect();
    rows.push("engine, whole miss".to_owned());
    Chart {
        title: "One in, one out, in a full cache",
        values: "time, ns",
        rows_label: "",
        row_name: label,
        series: series.collect(),
        rows,
    }
}

fn warming(figures: &Figures) -> Chart<'static> {
    let rows: Vec<String> = figures.cases(WARM_MEMORY).iter().map(|&case| case.to_owned()).collect();
    let series =
        [(WARM_MEMORY, "over memory"), (WARM_SLOW, "over a slow backing")].map(|(group, name)| Series {
            name: name.to_owned(),
            values: rows.iter().map(|case| Some(figures.nanos(group, case, "cachefs")? / 1e6)).collect(),
        });
    Chart {
        title: "Warming many files of 4 KiB",
        values: "time for all, ms",
        rows_label: "workers",
        row_name: label,
        series: series.into(),
        rows,
    }
}
