//! Eviction decisions for cachefs: pure, no I/O, no clock, no threads.
//!
//! A cache numbers its places ([`Slot`], dense from 0) and tells a policy what happens to them; the policy answers
//! which one goes next. Keys never come here, only their hashes, so that policies which remember what they evicted
//! (ghosts) can recognise a key that comes back.

mod admit;
mod ahead;
mod arc;
mod clock;
mod cuckoo;
mod curve;
mod doorkeeper;
mod fifo;
mod gdsf;
mod ghost;
mod hybrid;
mod kind;
mod lfu;
mod links;
mod lirs;
mod lru;
mod lru2;
mod mix;
mod policy;
mod ring;
mod s3fifo;
mod sample;
mod scan;
mod segments;
mod sieve;
mod sketch;
mod table;
mod ttl;
mod two_q;
mod wtinylfu;

pub use admit::{Admit, AdmitKind, CuckooWindow, UnknownAdmission};
pub use ahead::Ahead;
pub use arc::Arc;
pub use clock::Clock;
pub use cuckoo::Cuckoo;
pub use curve::{Curve, Forecast, Point};
pub use doorkeeper::Doorkeeper;
pub use fifo::Fifo;
pub use gdsf::Gdsf;
pub use ghost::{Ghost, Remembered};
pub use hybrid::Hybrid;
pub use kind::{PolicyKind, UnknownPolicy};
pub use lfu::Lfu;
pub use lirs::Lirs;
pub use lru::Lru;
pub use lru2::Lru2;
pub use policy::{Admission, EvictionPolicy, LATE_HITS_MAX, Slot};
pub use s3fifo::S3Fifo;
pub use sample::Sample;
pub use scan::{ScanDetector, scan_limit};
pub use sieve::Sieve;
pub use sketch::Sketch;
pub use ttl::Ttl;
pub use two_q::TwoQ;
pub use wtinylfu::WTinyLfu;
