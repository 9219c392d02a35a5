//! The workloads over an in-memory backing, one by one, for who works on one of them: what the cache itself costs.
//! To compare, see `cargo xtask compare`.

use std::time::Duration;

use cachefs_benches::suite::WORKLOADS;
use cachefs_benches::{Backing, Meter, Scale};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn workloads(criterion: &mut Criterion) {
    for workload in &WORKLOADS {
        let mut group = criterion.benchmark_group(workload.name);
        for &who in workload.contenders {
            let stage = workload.stage(who, Backing::Memory, &Scale::FULL, false);
            let mut stage = stage.expect("contenders over memory");
            group.bench_function(BenchmarkId::from_parameter(who.name()), |bencher| {
                bencher.iter_custom(|operations| {
                    let mut nanos = 0.0;
                    let mut left = operations as f64;
                    while left > 0.0 {
                        let mut meter = Meter::timing(Duration::ZERO);
                        (workload.work)(&mut stage, &mut meter).expect("the workload");
                        nanos += meter.took.nanos;
                        left -= meter.took.ops as f64;
                    }
                    // A batch may be more than was asked for.
                    let done = operations as f64 - left;
                    Duration::from_secs_f64(nanos / 1e9 * (operations as f64 / done))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(all, workloads);
criterion_main!(all);
