//! Eviction decisions for cachefs: pure, no I/O, no clock, no threads.
//!
//! A cache numbers its places ([`Slot`], dense from 0) and tells a policy what happens to them; the policy answers
//! which one goes next. Keys never come here, only their hashes, so that policies which remember what they evicted
//! (ghosts) can recognise a key that comes back.

mod arc;
mod clock;
mod fifo;
mod ghost;
mod kind;
mod links;
mod lru;
mod mix;
mod policy;
mod s3fifo;
mod segments;
mod sieve;
mod table;
mod two_q;

pub use arc::Arc;
pub use clock::Clock;
pub use fifo::Fifo;
pub use ghost::{Ghost, Remembered};
pub use kind::{PolicyKind, UnknownPolicy};
pub use lru::Lru;
pub use policy::{Admission, EvictionPolicy, Slot};
pub use s3fifo::S3Fifo;
pub use sieve::Sieve;
pub use two_q::TwoQ;
