use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::comparison::Comparison;
use crate::contender::Kind;
use crate::figures::{Figures, Pair};
use crate::flags::Flags;
use crate::report::floor;
use crate::workload::{Unit, Workload};

/// Everything that was measured, for programs.
pub(crate) fn figures(comparison: &Comparison<'_>, flags: &Flags) -> Value {
    let mut results = Vec::new();
    for (contender, row) in comparison.contenders.iter().zip(&comparison.figures) {
        for (workload, figures) in comparison.workloads.iter().zip(row) {
            results.push(result(contender.kind, workload, figures));
        }
    }
    let kernel = rustix::system::uname();
    json!({
        "kernel": kernel.release().to_string_lossy(),
        "cpus": std::thread::available_parallelism().map_or(0, usize::from),
        "rounds": flags.rounds,
        "seconds": flags.time.as_secs_f64(),
        "files": flags.sizes.files,
        "names": flags.sizes.names,
        "big_bytes": flags.sizes.big,
        "results": results,
    })
}

fn result(kind: Kind, workload: &Workload, figures: &Figures) -> Value {
    let floor = floor(workload, kind);
    json!({
        "contender": kind.name(),
        "workload": workload.name,
        "ratio": figures.ratio(),
        "floor": floor.map(|floor| floor.least),
        "stretch": floor.and_then(|floor| floor.stretch),
        "verdict": floor.zip(figures.ratio()).map(|(floor, ratio)| floor.judge(ratio).to_string()),
        "native_ns": figures.native_nanos(),
        "ns": figures.mounted_nanos(),
        "op": match workload.unit { Unit::Micros => "operation", Unit::MibPerSecond => "MiB" },
        "requests_per_op": figures.requests_per_op(),
        "requests": figures.verbs_per_op().collect::<BTreeMap<_, _>>(),
        "failure": figures.failure,
        "rounds": figures.pairs.iter().map(round).collect::<Vec<_>>(),
    })
}

fn round(pair: &Pair) -> Value {
    json!({
        "ratio": pair.ratio(),
        "native_ns": pair.native.nanos_per_op(),
        "ns": pair.mounted.nanos_per_op(),
        "ops": pair.mounted.ops,
    })
}
