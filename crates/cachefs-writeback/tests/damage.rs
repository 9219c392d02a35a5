//! A journal whose disk lies: what can still be read is kept, nothing is made up, and what is lost is named.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

#[path = "damage/flips.rs"]
mod flips;
#[path = "damage/holes.rs"]
mod holes;
#[path = "recovery/world.rs"]
#[expect(dead_code, reason = "made for the tests of recovery, too")]
mod world;
#[path = "damage/written.rs"]
mod written;
