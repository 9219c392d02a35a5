//! What a journal has of a killed process meets the backing again.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

#[path = "recovery/again.rs"]
mod again;
#[path = "recovery/conflicts.rs"]
mod conflicts;
#[path = "recovery/power.rs"]
mod power;
#[path = "recovery/random.rs"]
mod random;
#[path = "recovery/replays.rs"]
mod replays;
#[path = "recovery/told.rs"]
mod told;
#[path = "recovery/trouble.rs"]
mod trouble;
#[path = "recovery/world.rs"]
mod world;
