use std::fmt::Write as _;

use crate::{Report, Row, mean_gap_closed};

/// More sizes than this stand below each other, with the policies beside each other.
const COLUMNS_MAX: usize = 8;

/// Hit ratios by policy and size, in percent; byte-hit ratios, too, where entries have sizes.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        let Report { trace, format, requests, keys, footprint, unit, sample, .. } = report;
        // Writing to a string does not fail.
        let _ = writeln!(text, "{trace}: {format}, {requests} requests, {keys} keys, {footprint} {unit}");
        if *sample < 1.0 {
            let _ = writeln!(text, "estimated from {} % of the keys", 100.0 * sample);
        }
        let single = std::slice::from_ref(report);
        text.push_str("\nhits %\n");
        grid(&mut text, single, true, |row| 100.0 * row.hit_ratio);
        if has_sizes(report) {
            text.push_str("\nbyte hits %\n");
            grid(&mut text, single, false, |row| 100.0 * row.byte_hit_ratio);
        }
        text.push('\n');
    }
    if reports.len() > 1 {
        means(&mut text, reports);
    }
    text
}

/// Whether bytes tell more than requests do.
fn has_sizes(report: &Report) -> bool {
    report.rows.iter().any(|row| (row.hit_ratio - row.byte_hit_ratio).abs() > 1e-9)
}

/// The policies of the reports in their order.
pub(super) fn policies(reports: &[Report]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for row in reports.iter().flat_map(|report| &report.rows) {
        if !names.contains(&row.policy) {
            names.push(row.policy);
        }
    }
    names
}

fn sizes(report: &Report) -> Vec<&Row> {
    let first = report.rows.first().map(|row| row.policy);
    report.rows.iter().filter(|row| Some(row.policy) == first).collect()
}

fn grid(text: &mut String, single: &[Report], with_gaps: bool, value: impl Fn(&Row) -> f64) {
    let [report] = single else { return };
    let (policies, sizes) = (policies(single), sizes(report));
    let at = |size: usize, policy: usize| {
        report
            .rows
            .get(size * policies.len() + policy)
            .map_or_else(String::new, |row| format!("{:.2}", value(row)))
    };
    let mut lines = Vec::new();
    if sizes.len() > COLUMNS_MAX {
        lines.push(std::iter::once("size").chain(policies.iter().copied()).map(str::to_owned).collect());
        for (place, size) in sizes.iter().enumerate() {
            let cells = (0..policies.len()).map(|policy| at(place, policy));
            lines.push(std::iter::once(size.size.clone()).chain(cells).collect());
        }
    } else {
        let gaps = with_gaps && report.rows.iter().any(|row| row.gap_closed.is_some());
        let head = std::iter::once("policy".to_owned()).chain(sizes.iter().map(|row| row.size.clone()));
        lines.push(head.chain(gaps.then(|| "gap closed".to_owned())).collect::<Vec<_>>());
        for (place, policy) in policies.iter().enumerate() {
            let cells = (0..sizes.len()).map(|size| at(size, place));
            let gap = gaps.then(|| {
                mean_gap_closed(single, policy).map_or_else(String::new, |gap| format!("{gap:.1} %"))
            });
            lines.push(std::iter::once((*policy).to_owned()).chain(cells).chain(gap).collect());
        }
    }
    align(text, &lines);
}

fn means(text: &mut String, reports: &[Report]) {
    let mut lines = Vec::new();
    for policy in policies(reports) {
        if let Some(gap) = mean_gap_closed(reports, policy) {
            lines.push(vec![policy.to_owned(), format!("{gap:.1} %")]);
        }
    }
    if !lines.is_empty() {
        text.push_str("gap closed, LRU to the optimum, mean over all traces and sizes\n");
        align(text, &lines);
    }
}

/// The first column to the left, the others to the right.
fn align(text: &mut String, lines: &[Vec<String>]) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if column == 0 { write!(row, "{cell:width$}") } else { write!(row, "  {cell:>width$}") };
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
}
