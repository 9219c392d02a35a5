//! What the caches this one takes after got wrong when they wrote back: each defect a test, over memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod bytes;
mod closing;
mod counts;
mod desk;
mod kept;
mod names;
mod races;
