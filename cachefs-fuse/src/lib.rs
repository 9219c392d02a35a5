//! Mount a cached view of a directory through FUSE.
//!
//! [`Mount::start`] serves any [`cachefs_vfs::Vfs`]; it knows nothing of blocks and caches. A request goes from the
//! `adapter` (FUSE's verbs) through `dispatch` (which thread runs it, and for how long) to the `tree` (the verbs on
//! node ids), which finds the filesystem's handles through `inodes` (what the kernel knows) and `handles` (what is
//! open). `belief` decides how long the kernel may believe an answer, `serve` which files it reads and writes by itself,
//! and `notify` tells it of changes by others.
//!
//! Lock order: a shard of `inodes`, a map of `handles`, the tables of `dispatch`, the error table of `requests` and the
//! outbox of `notify` are each held for a few instructions, and never over a call to the filesystem or to the kernel; a
//! shard of `serve` while the kernel takes a descriptor, which does not wait.
//! Each is held alone, but for a map of `handles`, under which a shard of `inodes` is asked whether a file is open, and
//! a shard of `inodes`, under which a part of its index of names is held.

mod adapter;
mod belief;
mod buffers;
mod config;
pub mod control;
mod dispatch;
mod error;
mod handles;
mod inodes;
mod notify;
mod presser;
mod requests;
mod retirer;
mod serve;
mod session;
mod tree;

pub use config::{MountConfig, MountFlag, OnClose, OwnXattrs, Profile, Trust};
pub use error::MountError;
pub use notify::{NoticeCount, NoticeKind, NoticeSnapshot};
pub use requests::{ErrorCount, HistogramSnapshot, Op, OpSnapshot, RequestSnapshot};
pub use session::{How, Mount, Observer, Unmounter};
