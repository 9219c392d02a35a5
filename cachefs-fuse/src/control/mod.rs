//! Steering a mount while it runs: a unix socket per mount, and a protocol of lines.
//!
//! # The socket
//!
//! It is a file named after the device of the mount and the process (`0-51.1234.sock`; `rest.1234.sock` once the mount is
//! gone and only writes back) in a directory of the user who mounted: `/run/cachefs`
//! for root, else `cachefs` in `$XDG_RUNTIME_DIR`, in `/run/user/UID`, or `/tmp/cachefs-UID`. The directory has mode 0700,
//! the socket 0600; who connects is asked for again: only root and that user are served. From any path within a mount
//! [`Place::of`] finds the socket, and asks the mount for nothing. Beside it lies a [`Trace`] of the same name (`.json`),
//! which outlives a daemon that is killed.
//!
//! # The protocol, version 1
//!
//! Either side writes lines of JSON, an object each, a client of [`LINE_MAX`] bytes at most. It asks
//!
//! ```json
//! {"version":1,"verb":"flush","path":"photos/2026"}
//! ```
//!
//! with the verb's arguments beside `version` and `verb`, and is answered any number of lines of progress and then one
//! of the end:
//!
//! ```json
//! {"event":"progress","bytes_done":1048576,"bytes_left":4194304,"files_done":1,"files_left":3}
//! {"event":"done","dirty_bytes":0,"dirty_files":0,"left":[],"conflicts":0}
//! {"event":"failed","kind":"not-found","message":"photos/2026 does not exist"}
//! ```
//!
//! After that it may ask again. Fields that a side does not know are passed over. A `version` above the server's is
//! refused with the kind `version`; what changes the meaning of a field raises it.
//!
//! | verb | arguments | progress | done |
//! |---|---|---|---|
//! | `status` | | | [`Status`] |
//! | `stat` | | | [`Stat`] |
//! | `file` | [`PathArguments`] | how many names were looked at | [`FileStatus`] |
//! | `ls` | [`PathArguments`] | `entries`: some [`Entry`] | [`Listed`] |
//! | `invalidate`, `evict` | [`ForgetArguments`] | [`Forgotten`] so far | [`Forgotten`] |
//! | `warm` | [`WarmArguments`] | [`WarmFar`] | [`WarmTold`] |
//! | `queue` | [`QueueArguments`] | | [`Queue`] |
//! | `set` | [`SetArguments`] | | [`SetTold`] |
//! | `bundle` | | | [`BundleTold`] |
//! | `flush` | [`FlushArguments`] | [`Far`] | [`Outcome`] |
//! | `umount` | [`UmountArguments`] | [`Far`] | [`Outcome`] |
//!
//! Examples of each are in `docs/control-protocol.md`.

mod client;
mod line;
mod messages;
mod place;
mod plain;
mod reply;
mod request;
mod server;
mod setting;
mod trace;
mod undead;

pub use client::{CallError, Client};
pub use line::LINE_MAX;
pub use messages::{
    BundleTold, ByteUse, CacheUse, CoherenceTold, Dirty, Entry, Evictions, Far, FileStatus, FlushArguments,
    ForgetArguments, Forgotten, Holding, Latency, Left, Listed, Mrc, MrcPoint, OpLatency, Outcome,
    PathArguments, PinTold, Queue, QueueArguments, RequestUse, SetArguments, SetTold, SourceUse, Stat,
    Status, UmountArguments, Version, Waiting, WarmArguments, WarmFar, WarmTold, WatchTold,
};
pub use place::{Place, RuntimeDir};
pub use plain::plain;
pub use reply::{Refusal, RefusalKind, Reply};
pub use request::Request;
pub use server::{Serve, Server, Talk};
pub use setting::Setting;
pub use trace::Trace;
pub use undead::is_undead;

/// The version of the protocol that is spoken here.
pub const VERSION: u32 = 1;
