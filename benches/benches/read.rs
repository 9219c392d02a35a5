//! Read hit and read miss over an in-memory backing: what the cache itself costs.

use std::hint::black_box;
use std::sync::Arc;

use cachefs_benches::{Cached, Contender, CorFs, NAME, Raw, backing};
use cachefs_vfs::{MemFs, Name, Result};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// 64 B to 1 MiB: an attribute file, a small source file, a page, a block, a big read.
const SIZES: [usize; 5] = [64, 1 << 10, 4 << 10, 64 << 10, 1 << 20];

fn contenders(size: usize) -> Result<Vec<Box<dyn Contender>>> {
    let fs = backing(size)?;
    Ok(vec![
        Box::new(Cached::new(Arc::clone(&fs))?),
        Box::new(CorFs::new(&*fs, &MemFs::new())?),
        Box::new(Raw::new(&*fs)?),
    ])
}

fn read_hit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read_hit");
    let name = Name::new(NAME).expect("a plain name");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        for contender in contenders(size).expect("contenders over memory") {
            let mut buffer = vec![0; size];
            contender.read(name, &mut buffer).expect("the file is there");
            group.bench_function(BenchmarkId::new(contender.name(), size), |bencher| {
                bencher.iter(|| contender.read(name, black_box(&mut buffer)).expect("a hit"));
            });
        }
    }
    group.finish();
}

fn read_miss(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read_miss");
    let name = Name::new(NAME).expect("a plain name");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        for contender in contenders(size).expect("contenders over memory") {
            let mut buffer = vec![0; size];
            group.bench_function(BenchmarkId::new(contender.name(), size), |bencher| {
                bencher.iter_batched(
                    || contender.forget(name).expect("forgetting works"),
                    |()| contender.read(name, black_box(&mut buffer)).expect("a miss is filled"),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

criterion_group!(reads, read_hit, read_miss);
criterion_main!(reads);
