//! What the control socket of this mount can be asked. A verb is a function and a line in [`VERBS`].

mod asking;
mod bundle;
mod config;
mod desk;
mod file;
mod flush;
mod forget;
mod mounted;
mod mrc;
mod pin;
mod queue;
mod set;
mod slots;
mod stat;
mod status;
mod umount;
mod warm;

use std::path::{Component, Path};

use cachefs_fuse::control::{Refusal, Request, Serve, Talk};
use serde::Serialize;
use serde_json::Value;

pub(super) use desk::Desk;
pub(super) use flush::outcome;
pub(super) use mounted::Mounted;
use slots::Slots;
use warm::Jobs;

/// A verb by its name.
type Verb = (&'static str, fn(&Mounted, &Request, &mut Talk<'_>) -> Result<Value, Refusal>);

const VERBS: &[Verb] = &[
    ("status", status::run),
    ("stat", stat::run),
    ("mrc", mrc::run),
    ("file", file::run),
    ("ls", file::list),
    ("invalidate", forget::invalidate),
    ("evict", forget::evict),
    ("pin", pin::pin),
    ("unpin", pin::unpin),
    ("warm", warm::run),
    ("queue", queue::run),
    ("set", set::run),
    ("bundle", bundle::run),
    ("flush", flush::run),
    ("umount", umount::run),
    ("config", config::run),
];

/// Questions that wait for the source at a time: it may hang.
const ASKING_MAX: usize = 8;

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

/// A path or pattern relative to the mount, that does not lead out of it.
fn inside(path: &str) -> Result<&Path, Refusal> {
    let path = Path::new(path);
    match path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        true => Ok(path),
        false => Err(Refusal::usage(format!("{}: give a path relative to the mount", path.display()))),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
