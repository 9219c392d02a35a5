use serde_json::{Map, Value, json};

use crate::figures::{Figures, Row};
use crate::flags::Flags;
use crate::goals::GOALS;

/// Everything that was measured, for programs.
pub(crate) fn figures(figures: &Figures, flags: &Flags) -> Value {
    let results: Vec<Value> = flags.cases.iter().flat_map(|case| figures.of(case.name)).map(result).collect();
    let goals = GOALS.iter().map(|goal| {
        let value = goal.value(figures);
        json!({
            "what": goal.what,
            "value": value,
            "met": value.and_then(|value| goal.is_met(value)),
        })
    });
    json!({
        "kernel": rustix::system::uname().release().to_string_lossy(),
        "cpus": std::thread::available_parallelism().map_or(0, usize::from),
        "rounds": flags.rounds,
        "results": results,
        "goals": goals.collect::<Vec<_>>(),
    })
}

fn result(row: &Row) -> Value {
    let figures: Map<String, Value> = row
        .names()
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "median": row.median(name), "rounds": row.all(name) })))
        .collect();
    json!({
        "case": row.case,
        "contender": row.contender.to_string(),
        "figures": figures,
        "failure": row.failure,
    })
}
