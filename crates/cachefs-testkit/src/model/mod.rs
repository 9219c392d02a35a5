//! An executable specification of a filesystem, and random operations to hold filesystems against it.
//!
//! The model is a tree in plain maps: no blocks, no caches, no concurrency. [`Sequence`] draws operations from a
//! seed, applies each to the model and to the filesystem under test, and compares: what was answered after every
//! step, the whole tree now and then. With a [`crate::FaultFs`] beneath the filesystem under test, part of the steps
//! meet an error; what then happened or did not is read from the backing, and the filesystem under test must agree
//! with that. With somebody else in the same tree ([`crate::OutsideFs`]), part of the steps are theirs, through
//! handles of their own to the same files and directories.

mod attrs;
mod bytes;
mod compare;
mod divergence;
mod draw;
mod driver;
mod expect;
mod generate;
mod minimise;
mod names;
mod node;
mod op;
mod run;
mod runner;
mod settle;
mod tree;

pub use divergence::Divergence;
pub(crate) use expect::same_bytes;
pub use minimise::{check_sequences, sequences_from_env};
pub use op::{At, ByteOp, Fill, Injected, NameOp, NodeOp, Op, Place, Spot, Step};
pub use run::{Evict, Sequence, run_sequence};
