use serde::Serialize;

use crate::{Report, mean_gap_closed};

#[derive(Serialize)]
struct All<'a> {
    reports: &'a [Report],
    mean_gap_closed: Vec<Mean<'a>>,
}

#[derive(Serialize)]
struct Mean<'a> {
    policy: &'a str,
    percent: f64,
}

/// Everything, in one object: the reports, and for each policy the mean gap closed over all of them.
///
/// # Errors
/// As `serde_json` does, which has no reason to here.
pub fn json(reports: &[Report]) -> serde_json::Result<String> {
    let means = super::table::policies(reports)
        .into_iter()
        .filter_map(|policy| mean_gap_closed(reports, policy).map(|percent| Mean { policy, percent }));
    serde_json::to_string_pretty(&All { reports, mean_gap_closed: means.collect() })
}
