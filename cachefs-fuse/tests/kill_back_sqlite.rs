//! The daemon is killed with -9 amid transactions of SQLite, its client with it: the database is whole, and has every
//! transaction that was committed.

mod acceptance;
mod kill;

use acceptance::setting;

/// A round is short of a second.
fn rounds(share: u64) -> u64 {
    setting("CACHEFS_KILL_ROUNDS", 8).div_ceil(share)
}

fn seed() -> u64 {
    setting("CACHEFS_KILL_SEED", 1)
}

#[test]
fn transactions_with_a_rollback_journal_survive() {
    kill::rob("back", "delete", rounds(2), seed());
}

#[test]
fn transactions_with_a_truncated_journal_survive() {
    kill::rob("back", "truncate", rounds(4), seed());
}

#[test]
fn transactions_with_a_write_ahead_log_survive() {
    kill::rob("back", "wal", rounds(2), seed());
}

#[test]
fn transactions_survive_in_through() {
    kill::rob("through", "delete", rounds(4), seed());
    kill::rob("through", "wal", rounds(4), seed());
}
