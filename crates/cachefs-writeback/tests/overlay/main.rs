//! What verbs do with files that are dirty: what is flushed before, what stays dirty, and what the backing has then.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod bench;
mod bytes;
mod many;
mod nameless;
mod names;
mod nowait;
mod opening;
mod races;
mod rotten;
