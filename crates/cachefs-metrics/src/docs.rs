use std::fmt::Write;

use crate::Metric;

/// The table of all metrics in Markdown, as `docs/metrics.md` shows it.
#[must_use]
pub fn table_of_all() -> String {
    let mut text = "| name | type | unit | labels | meaning |\n|---|---|---|---|---|\n".to_owned();
    for metric in Metric::ALL {
        let (kind, unit, labels) = (metric.kind().name(), metric.unit().name(), metric.labels().join(", "));
        _ = writeln!(text, "| `{}` | {kind} | {unit} | {labels} | {} |", metric.name(), metric.help());
    }
    text
}
