use std::time::{Duration, Instant};

use cachefs_fuse::control::{Outcome, Refusal, Request, Talk, UmountArguments};
use cachefs_fuse::{How, MountError};
use serde_json::Value;

use super::flush::{deadline, outcome};
use super::{Mounted, told};
use crate::daemon::back::left;
use crate::daemon::leaving::Heard;

/// How often the client's end is looked at.
const STEP: Duration = Duration::from_millis(250);
/// How long a mount is waited for that others use, or that is in other mount namespaces, too.
const DETACHED_MAX: Duration = Duration::from_secs(2);

/// Writes back, while the mount still serves; unmounts; and writes back what came in between.
pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments: UmountArguments = request.arguments()?;
    let until = deadline(arguments.timeout_seconds)?;
    let before = mounted.back.as_ref().map(|back| {
        let drained = back.drain(until, &mut |tempo| {
            if let Ok(far) = told(&tempo.far(Instant::now())) {
                talk.progress(far);
            }
            !talk.is_over()
        });
        outcome(back, left(&drained.remaining))
    });
    if talk.is_over() {
        return Err(Refusal::failed("who asked is gone: the mount stays"));
    }
    mounted.leaving.until(until);
    unmount(mounted, arguments.lazy).inspect_err(|_| mounted.leaving.until(None))?;
    let detached_until = Instant::now() + DETACHED_MAX;
    loop {
        match mounted.leaving.hear(STEP) {
            Heard::Outcome(outcome) => return told(&outcome),
            Heard::Far(Some(far)) => talk.progress(told(&far)?),
            Heard::Far(None) => {}
        }
        if !mounted.leaving.is_draining() && Instant::now() >= detached_until {
            return told(&Outcome { detached: true, ..before.unwrap_or_default() });
        }
    }
}

fn unmount(mounted: &Mounted, lazy: bool) -> Result<(), Refusal> {
    let how = if lazy { How::Lazy } else { How::Plain };
    mounted.unmounter.unmount(how).map_err(|error| match error {
        MountError::Busy { path } => {
            Refusal::temporary(crate::daemon::signals::busy(&path, "end them, or unmount with --lazy"))
        }
        error => Refusal::failed(error.to_string()),
    })
}
