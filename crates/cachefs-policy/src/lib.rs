//! Eviction decisions for cachefs: pure, no I/O, no clock, no threads.
//!
//! A cache numbers its places ([`Slot`], dense from 0) and tells a policy what happens to them; the policy answers
//! which one goes next. Keys never come here, only their hashes, so that policies which remember what they evicted
//! (ghosts) can recognise a key that comes back.

mod links;
mod lru;
mod policy;

pub use lru::Lru;
pub use policy::{Admission, EvictionPolicy, Slot};
