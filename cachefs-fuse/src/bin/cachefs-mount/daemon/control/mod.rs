//! What the control socket of this mount can be asked. A verb is a function and a line in [`VERBS`].

mod config;
mod desk;
mod flush;
mod slots;
mod status;
mod umount;

use std::path::Path;
use std::sync::Arc;

use cachefs::CacheFs;
use cachefs_fuse::Unmounter;
use cachefs_fuse::control::{Refusal, Request, Serve, Talk};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use super::back::Back;
use super::leaving::Leaving;
use crate::flags::Effective;
pub(super) use desk::Desk;
pub(super) use flush::outcome;
pub(super) use slots::Slots;

/// A verb by its name.
type Verb = (&'static str, fn(&Mounted, &Request, &mut Talk<'_>) -> Result<Value, Refusal>);

const VERBS: &[Verb] =
    &[("status", status::run), ("flush", flush::run), ("umount", umount::run), ("config", config::run)];

/// The mount that verbs are about.
#[derive(Debug)]
pub(super) struct Mounted {
    pub(super) source: String,
    pub(super) mode: &'static str,
    pub(super) profile: &'static str,
    pub(super) coherence: &'static str,
    pub(super) cache: CacheFs,
    pub(super) unmounter: Unmounter,
    pub(super) back: Option<Arc<Back>>,
    pub(super) leaving: Arc<Leaving>,
    /// Those who flush.
    pub(super) flushes: Slots,
    /// Those who ask the source something.
    pub(super) asking: Slots,
    /// What holds, and where it came from.
    pub(super) settings: Arc<Mutex<Effective>>,
}

impl Serve for Mounted {
    fn serve(&self, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
        match VERBS.iter().find(|(name, _)| *name == request.verb) {
            Some((_, run)) => run(self, request, talk),
            None => {
                let known: Vec<&str> = VERBS.iter().map(|(name, _)| *name).collect();
                Err(Refusal::usage(format!("this mount knows {}, not {:?}", known.join(", "), request.verb)))
            }
        }
    }
}

/// As it goes over the socket.
fn told(message: &impl Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(message).map_err(|error| Refusal::failed(error.to_string()))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
