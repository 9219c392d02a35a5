//! What is dirty reaches the backing, whatever happens meanwhile.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod astray;
mod bench;
mod conflict;
mod drain;
mod during;
mod faults;
mod forward;
mod hung;
mod journal;
mod left_behind;
mod lost_cut;
mod names;
mod promise;
mod removed;
