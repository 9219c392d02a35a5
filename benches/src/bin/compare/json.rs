use cachefs_benches::figures::Row;
use serde_json::{Value, json};

use crate::goals::GOALS;
use crate::report::Report;

/// Everything that was measured, for programs.
pub(crate) fn figures(report: &Report<'_>) -> Value {
    let goals = GOALS.iter().map(|goal| {
        let value = (goal.value)(report.figures, &report.flags.scale);
        let judged = value.and_then(|value| goal.judge(report.figures, value));
        json!({
            "what": goal.what,
            "value": value,
            "bound": judged.as_ref().map(|(bound, _)| bound),
            "reached": judged.as_ref().map(|(_, reached)| reached),
        })
    });
    json!({
        "machine": report.machine,
        "versions": report.versions,
        "scale": report.flags.scale_name,
        "rounds": report.flags.rounds,
        "goals": goals.collect::<Vec<_>>(),
        "results": report.figures.rows().iter().map(result).collect::<Vec<_>>(),
    })
}

fn result(row: &Row) -> Value {
    json!({
        "group": row.first.group,
        "case": row.first.case,
        "contender": row.first.contender,
        "nanos": { "median": row.median(), "rounds": row.rounds },
        "allocations": row.first.allocations,
        "backing_calls": row.first.calls,
    })
}
