//! What it costs to evict one entry and take in another, by policy and number of entries.
//!
//! Beside it, as `floor`, one touch at random of a table with 8 bytes per entry: a policy whose tables are larger than
//! the processor's caches cannot be flat, as memory is not. `insert_evict` takes in keys nobody saw before, one in four
//! after it was evicted; the entries' slots lie in no order, as in a cache that has run for a while.

use std::hint::black_box;
use std::time::Duration;

use cachefs_policy::{Admission, EvictionPolicy, PolicyKind, Slot};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const SIZES: [u32; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

/// The finaliser of splitmix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

struct Cache {
    policy: Box<dyn EvictionPolicy>,
    next: u64,
    size: u64,
}

impl Cache {
    fn new(kind: PolicyKind, size: u32) -> Self {
        let mut policy = kind.build(size.into());
        let mut order: Vec<u32> = (0..size).collect();
        for place in 1..order.len() {
            let other = usize::try_from(mix(place as u64) % (place as u64 + 1)).unwrap_or(0);
            order.swap(place, other);
        }
        (0..).zip(&order).for_each(|(key, &slot)| policy.on_insert(Slot(slot), Admission::new(mix(key), 1)));
        let mut cache = Self { policy, next: size.into(), size: size.into() };
        (0..2 * size).for_each(|_| cache.step());
        cache
    }

    fn step(&mut self) {
        self.next += 1;
        // Half a cache ago, so that it is in a ghost where there is one.
        let key = if self.next.is_multiple_of(4) { self.next - self.size - self.size / 2 } else { self.next };
        let entry = Admission::new(mix(key), 1);
        self.policy.on_coming(entry);
        if let Some(slot) = self.policy.victim() {
            self.policy.on_remove(slot, true);
            self.policy.on_insert(slot, entry);
        }
    }
}

fn evict(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("insert_evict");
    for size in SIZES {
        let table: Vec<u64> = (0..u64::from(size)).collect();
        let mut at = 0_u64;
        group.bench_function(BenchmarkId::new("floor", size), |bencher| {
            bencher.iter(|| {
                let place = usize::try_from(mix(at) % u64::from(size)).unwrap_or(0);
                // The next place depends on this one's content: no two touches at a time.
                at = black_box(table[place]).wrapping_add(at + 1);
            });
        });
    }
    for kind in PolicyKind::ALL {
        for size in SIZES {
            let mut cache = Cache::new(kind, size);
            group.bench_function(BenchmarkId::new(kind.name(), size), |bencher| {
                bencher.iter(|| cache.step());
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .sample_size(20);
    targets = evict
}
criterion_main!(benches);
