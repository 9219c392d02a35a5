//! What no sane cache asks for must not break a policy either.

mod dice;

use cachefs_policy::{Admission, EvictionPolicy, PolicyKind, Slot};
use dice::Dice;

const SLOTS: u8 = 20;

fn slot(dice: &mut Dice) -> Slot {
    Slot(u32::try_from(dice.below(SLOTS.into())).expect("small"))
}

/// Every event at random, with extreme weights and capacities; whoever is in comes out as a victim once.
fn run(policy: &mut dyn EvictionPolicy, dice: &mut Dice) {
    let mut resident = [false; SLOTS as usize];
    for _ in 0..3000 {
        let slot = slot(dice);
        let known = &mut resident[slot.index()];
        match dice.below(8) {
            0..=2 if !*known => {
                let weight = [0, 1, 4096, u32::MAX][usize::try_from(dice.below(4)).expect("small")];
                let expires_at =
                    [0, 7, u64::MAX - 1, u64::MAX][usize::try_from(dice.below(4)).expect("small")];
                policy.on_insert(slot, Admission { key_hash: dice.below(60), weight, expires_at });
                *known = true;
            }
            0..=3 if *known => policy.on_hit(slot),
            4 if *known => {
                policy.on_remove(slot, dice.below(2) == 0);
                *known = false;
            }
            5 => {
                if let Some(victim) = policy.victim() {
                    policy.on_remove(victim, true);
                    assert!(std::mem::take(&mut resident[victim.index()]));
                }
            }
            6 => {
                if let Some(victim) = policy.victim() {
                    policy.on_refused(victim);
                }
            }
            7 => policy.on_resize([0, 1, 5000, u64::MAX][usize::try_from(dice.below(4)).expect("small")]),
            _ => {}
        }
    }
    while let Some(victim) = policy.victim() {
        policy.on_remove(victim, true);
        assert!(std::mem::take(&mut resident[victim.index()]));
    }
    assert_eq!(resident, [false; SLOTS as usize], "all come out");
}

#[test]
fn extreme_weights_and_capacities_break_nothing() {
    for kind in PolicyKind::ALL {
        for capacity in [0, 1, 99, 100_000, u64::MAX] {
            run(&mut *kind.build(capacity), &mut Dice::new(capacity ^ 11));
        }
    }
}
