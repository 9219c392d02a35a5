//! Slow, faulty and counting filesystems, a reference model and a conformance table.
//!
//! [`SlowFs`], [`FaultFs`] and [`CountFs`] wrap any [`cachefs_vfs::Vfs`] at one seam ([`Wrapped`], which takes any
//! [`Intercept`]): what is slow, broken or counted there is what a cache above would meet at its backing.
//! A [`CrashFs`] loses what was not made durable when its power goes.
//! In an [`OutsideFs`] somebody else makes changes, and those who watch it are told.
//! [`model`] is an executable specification that random operations are compared with, [`conformance`] a table of
//! what every filesystem must answer.
//!
//! ```
//! use std::sync::Arc;
//! use cachefs_testkit::{CallKind, CountFs, FaultFs, Rule};
//! use cachefs_vfs::{Errno, MemFs, Name, Vfs};
//!
//! let counted = Arc::new(CountFs::new(Arc::new(MemFs::new())));
//! let faulty = FaultFs::new(counted.clone());
//! let broken = faulty.add(Rule::on(CallKind::Stat).within("").nth(2).fail(Errno::IO));
//! let root = faulty.root()?;
//! let answers = [(); 3].map(|()| root.stat(Name::new("missing").unwrap()).unwrap_err().errno());
//! assert_eq!(answers, [Errno::NOENT, Errno::IO, Errno::NOENT]);
//! assert_eq!(broken.fired(), 1);
//! assert_eq!(counted.snapshot().of(CallKind::Stat), 2, "a call that fails is not made");
//! # Ok::<(), cachefs_vfs::Error>(())
//! ```

pub mod conformance;
mod count;
mod crash;
mod fault;
pub mod model;
mod outside;
mod rng;
mod slow;
mod subject;
mod wrap;

pub use count::{CountFs, Counts};
pub use crash::{CrashFs, CrashFsBuilder, Power};
pub use fault::{Fault, FaultFs, ReleaseOnDrop, Rule, RuleHandle};
pub use outside::OutsideFs;
pub use rng::SplitMix64;
pub use slow::SlowFs;
pub use subject::Subject;
pub use wrap::{Call, CallKind, Hold, Intercept, Permit, Target, Wrapped};
