//! A policy that takes hits late decides as if it had been told at once.

mod dice;

use std::collections::HashMap;

use cachefs_policy::{Admission, LATE_HITS_MAX, PolicyKind, Slot};
use dice::Dice;

const SLOTS: usize = 100;

/// A cache that tells of hits at once, or when the entry is named as a victim. Answers how many hits there were.
fn hits(kind: PolicyKind, late: bool) -> u64 {
    let mut policy = kind.build(SLOTS as u64);
    let mut slots = HashMap::new();
    let mut keys = vec![0; SLOTS];
    let mut waiting = [0_u8; SLOTS];
    let mut dice = Dice::new(5);
    let mut hits = 0;
    for _ in 0..200_000 {
        // Small keys come often, and a third never come back.
        let most = 1 + dice.below(1000);
        let below = 1 + dice.below(most);
        let key = dice.below(below);
        if let Some(&slot) = slots.get(&key) {
            let slot: Slot = slot;
            hits += 1;
            match late {
                true => waiting[slot.index()] = (waiting[slot.index()] + 1).min(LATE_HITS_MAX),
                false => policy.on_hit(slot),
            }
            continue;
        }
        let slot = if slots.len() < SLOTS {
            Slot(u32::try_from(slots.len()).expect("small"))
        } else {
            let victim = loop {
                let named = policy.victim().expect("full");
                match std::mem::take(&mut waiting[named.index()]) {
                    0 => break named,
                    count => (0..count).for_each(|_| policy.on_hit(named)),
                }
            };
            policy.on_remove(victim, true);
            slots.remove(&keys[victim.index()]);
            victim
        };
        policy.on_insert(slot, Admission::new(key, 1));
        keys[slot.index()] = key;
        slots.insert(key, slot);
    }
    hits
}

#[test]
fn hits_told_late_lead_to_as_many_hits() {
    let late: Vec<_> = PolicyKind::ALL.into_iter().filter(|kind| kind.build(1).takes_late_hits()).collect();
    assert!(late.len() >= 4);
    for kind in late {
        let (at_once, late) = (hits(kind, false), hits(kind, true));
        // Of an entry that has hits left and gets more, three are left of the sum or of each.
        let most = if kind == PolicyKind::S3Fifo { 200_000 / 500 } else { 0 };
        assert!(at_once.abs_diff(late) <= most, "{kind}: {at_once} and {late}");
    }
}

/// The victims of a cache, which tells who comes always or where the policy heeds it.
fn victims(kind: PolicyKind, always: bool) -> Vec<Slot> {
    let mut policy = kind.build(SLOTS as u64);
    let (mut keys, mut victims) = (Vec::new(), Vec::new());
    let mut dice = Dice::new(7);
    for _ in 0..20_000 {
        let most = 1 + dice.below(400);
        let key = dice.below(most);
        if let Some(at) = keys.iter().position(|&here| here == key) {
            policy.on_hit(Slot(u32::try_from(at).expect("small")));
            continue;
        }
        let entry = Admission::new(key, 1);
        if always || policy.heeds_coming() {
            policy.on_coming(entry);
        }
        let slot = if keys.len() < SLOTS {
            keys.push(key);
            Slot(u32::try_from(keys.len() - 1).expect("small"))
        } else {
            let victim = policy.victim().expect("full");
            policy.on_remove(victim, true);
            victims.push(victim);
            keys[victim.index()] = key;
            victim
        };
        policy.on_insert(slot, entry);
    }
    victims
}

#[test]
fn who_does_not_heed_who_comes_decides_the_same_without_being_told() {
    for kind in PolicyKind::ALL {
        assert!(victims(kind, true) == victims(kind, false), "{kind}");
    }
}
