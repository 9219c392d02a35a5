use super::*;
use crate::mix::{Dice, mix};

const SMALL: u64 = 300;

/// References by a law like Zipf's, each key weighing 1 to 4.
fn references(count: usize, keys: u64, seed: u64) -> impl Iterator<Item = (u64, u32)> {
    let mut dice = Dice::new(seed);
    (0..count).map(move |_| {
        let limit = dice.below(keys) + 1;
        let key = dice.below(limit);
        (mix(key + 1), u32::try_from(key % 4).unwrap() + 1)
    })
}

fn exact(policy: PolicyKind, capacity: u64, references: impl Iterator<Item = (u64, u32)>) -> f64 {
    let mut numbers = std::collections::HashMap::new();
    let mut mini = Mini::new(policy.build(capacity), capacity, 60_000);
    let (mut hits, mut all) = (0.0, 0.0);
    for (hash, weight) in references {
        let next = u16::try_from(numbers.len()).unwrap();
        let key = *numbers.entry(hash).or_insert(next);
        hits += f64::from(u8::from(mini.access(key, hash, weight)));
        all += 1.0;
    }
    hits / all
}

fn seen(capacity: u64, references: impl Iterator<Item = (u64, u32)>) -> Curve {
    let mut curve = Curve::new(capacity);
    for (turn, (hash, weight)) in (1..).zip(references) {
        curve.see(hash, Some(weight));
        if turn % 1000 == 0 {
            curve.count_all(turn);
        }
    }
    curve
}

#[test]
fn where_everything_is_seen_it_is_exact() {
    let curve = seen(SMALL, references(60_000, 2000, 1));
    let forecast = curve.forecast(&PolicyKind::ALL, &[0.5, 1.0, 2.0, 4.0]);
    assert_eq!((forecast.references, forecast.rate.to_bits()), (60_000, 1.0_f64.to_bits()));
    for point in forecast.points {
        let exact = exact(point.policy, point.capacity, references(60_000, 2000, 1));
        assert!((point.hit_ratio - exact).abs() < 1e-9, "{point:?} {exact}");
    }
}

#[test]
fn a_sample_of_many_keys_is_near() {
    let (count, keys, capacity) = (500_000, 40_000, 8000);
    let curve = seen(capacity, references(count, keys, 2));
    let policies = [PolicyKind::Lru, PolicyKind::S3Fifo, PolicyKind::Lirs, PolicyKind::WTinyLfu];
    let forecast = curve.forecast(&policies, &[0.5, 1.0, 2.0]);
    assert!(forecast.rate < 0.2 && forecast.keys >= 2500, "{} {}", forecast.rate, forecast.keys);
    for point in forecast.points {
        let exact = exact(point.policy, point.capacity, references(count, keys, 2));
        assert!((point.hit_ratio - exact).abs() < 0.015, "{point:?} {exact}");
    }
}

#[test]
fn the_latest_part_counts_and_begins_warm() {
    // Twenty rounds of the log: all that is left of the cold start is its effect on the cache.
    let curve = seen(4000, references(1_300_000, 3000, 3));
    let forecast = curve.forecast(&[PolicyKind::Lru], &[4.0]);
    assert!((15_000..66_000).contains(&forecast.references), "{}", forecast.references);
    assert!(forecast.points[0].hit_ratio > 0.9999, "nothing is missed any more: {:?}", forecast.points[0]);
}

#[test]
fn the_sample_grows_again_when_keys_become_few() {
    let mut curve = seen(SMALL, references(300_000, 50_000, 4));
    let small = curve.sample();
    assert!(small.rate() < 0.2);
    for (hash, weight) in references(3_000_000, 500, 5) {
        curve.see(hash, Some(weight));
    }
    assert!(curve.sample().rate() > 2.0 * small.rate(), "{:?}", curve.sample());
    assert!(curve.keys.len() <= 500, "those of before are forgotten: {}", curve.keys.len());
}

#[test]
fn what_is_known_of_a_key_later_counts_for_all_of_its_references() {
    let mut curve = Curve::new(100);
    for turn in 0..100 {
        curve.see(mix(turn % 2), None);
    }
    let hits = |curve: &Curve| curve.forecast(&[PolicyKind::Lru], &[1.0]).points[0].hit_ratio;
    assert!(hits(&curve) > 0.97);
    curve.weigh(mix(0), 60);
    curve.weigh(mix(1), 60);
    curve.weigh(mix(2), 60);
    assert!(hits(&curve) == 0.0, "they never fit together");
    assert!(Curve::new(0).forecast(&[PolicyKind::Lru], &[1.0]).points[0].hit_ratio == 0.0);
}
