//! A policy that has seen its slots does not allocate any more.

mod cache;
mod dice;

use allocation_counter::measure;
use cache::Cache;
use cachefs_policy::{Admit, AdmitKind, Curve, PolicyKind};
use dice::Dice;

const SLOTS: usize = 512;
const KEYS: u64 = 4096;

/// By turns a scan and a skewed choice; now and then a victim is refused, or the capacity changes.
fn work(cache: &mut Cache, dice: &mut Dice, accesses: u64) {
    for at in 0..accesses {
        if at % 50 == 49
            && let Some(victim) = cache.policy.victim()
        {
            cache.policy.on_refused(victim);
        }
        if at % 5000 == 4999 {
            cache.policy.on_resize(400 + dice.below(200));
        }
        let scan = (at / 2000).is_multiple_of(2);
        cache.access(if scan { at % KEYS } else { dice.below(KEYS).min(dice.below(KEYS)) });
    }
}

#[test]
fn no_policy_allocates_once_it_has_seen_its_slots() {
    for kind in PolicyKind::ALL {
        let (mut cache, mut dice) = (Cache::new(kind, SLOTS), Dice::new(7));
        work(&mut cache, &mut dice, 600);
        assert!(cache.is_full(), "{kind}: warmed up");
        let allocated = measure(|| work(&mut cache, &mut dice, 40_000));
        assert_eq!(allocated.count_total, 0, "{kind}");
    }
}

#[test]
fn no_admission_allocates() {
    for kind in AdmitKind::ALL {
        let (mut admit, mut dice) = (Admit::new(kind, SLOTS), Dice::new(7));
        let allocated = measure(|| {
            for _ in 0..40_000 {
                admit.on_hit(dice.below(KEYS));
                admit.on_miss(dice.below(KEYS), Some(dice.below(KEYS)));
            }
        });
        assert_eq!(allocated.count_total, 0, "{kind}");
    }
}

#[test]
fn a_curve_stays_within_its_memory() {
    let mut curve = None;
    let work = |curve: &mut Curve| {
        let mut dice = Dice::new(3);
        for turn in 0..600_000_u64 {
            let key = if turn % 5 == 0 { turn } else { dice.below(200_000).min(dice.below(200_000)) };
            curve.see(key.wrapping_mul(0x9E37_79B9_7F4A_7C15).swap_bytes(), Some(4096));
        }
    };
    let taken = measure(|| work(curve.insert(Curve::new(5000 * 4096))));
    assert!(taken.bytes_current < 210 << 10 && taken.bytes_max < 300 << 10, "{taken:?}");
    let asked = measure(|| {
        let forecast = curve.as_ref().map(|curve| curve.forecast(&PolicyKind::ALL, &[0.5, 1.0, 2.0, 4.0]));
        assert!(forecast.is_some_and(|forecast| forecast.keys > 2500));
    });
    assert!(asked.bytes_max < 1 << 20, "{asked:?}");
}
