//! The daemon is killed with -9 under writers: nothing that it acknowledged is lost, nothing comes that nobody wrote,
//! and no conflict is seen where there was none.

mod acceptance;
mod kill;

use acceptance::setting;
use kill::Massacre;

/// The same steps each time, unless the environment has another; the moments of the kills differ.
fn seed() -> u64 {
    setting("CACHEFS_KILL_SEED", 1)
}

#[test]
fn nothing_acknowledged_is_lost_in_back() {
    Massacre::new("back", seed()).play(setting("CACHEFS_KILL_ROUNDS", 10));
}

#[test]
fn nothing_acknowledged_is_lost_in_through() {
    Massacre::new("through", seed()).play(setting("CACHEFS_KILL_ROUNDS", 10).div_ceil(4));
}
