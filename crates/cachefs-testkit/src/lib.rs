//! Slow, faulty and counting filesystems, a reference model and a conformance table.
//!
//! [`SlowFs`], [`FaultFs`] and [`CountFs`] wrap any [`cachefs_vfs::Vfs`] at one seam ([`Wrapped`], which takes any
//! [`Intercept`]): what is slow, broken or counted there is what a cache above would meet at its backing.
//! [`model`] is an executable specification that random operations are compared with, [`conformance`] a table of
//! what every filesystem must answer.

pub mod conformance;
mod count;
mod fault;
pub mod model;
mod rng;
mod slow;
mod subject;
mod wrap;

pub use count::{CountFs, Counts};
pub use fault::{Fault, FaultFs, ReleaseOnDrop, Rule, RuleHandle};
pub use rng::SplitMix64;
pub use slow::SlowFs;
pub use subject::Subject;
pub use wrap::{Call, CallKind, Intercept, Permit, Target, Wrapped};
