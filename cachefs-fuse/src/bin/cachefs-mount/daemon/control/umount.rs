use std::time::{Duration, Instant};

use cachefs_fuse::control::{Left, Outcome, Refusal, Request, Talk, UmountArguments};
use cachefs_fuse::{How, MountError};
use serde_json::Value;

use super::flush::{deadline, once, outcome};
use super::{Mounted, told};
use crate::daemon::back::{Back, left};
use crate::daemon::leaving::Heard;

/// How often the client's end is looked at.
const STEP: Duration = Duration::from_millis(250);
/// How long a mount is waited for that others use, or that is in other mount namespaces, too.
const DETACHED_MAX: Duration = Duration::from_secs(2);

/// Writes back what is there, once, while the mount still serves; unmounts; and writes back what came in between. Where
/// others may go on to use it, the mount leaves the tree first.
pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments: UmountArguments = request.arguments()?;
    let until = deadline(arguments.timeout_seconds)?;
    let back = mounted.back.as_deref();
    if let (false, Some(back)) = (arguments.lazy || arguments.force, back) {
        once(back, None, until, talk);
    }
    if talk.is_over() {
        return Err(Refusal::failed("who asked is gone: the mount stays"));
    }
    mounted.leaving.until(until);
    unmount(mounted, arguments.lazy).inspect_err(|_| mounted.leaving.until(None))?;
    if arguments.lazy {
        mounted.leaving.detach();
        back.inspect(|back| back.detached());
    }
    let mut left = Vec::new();
    if let (true, Some(back)) = (arguments.lazy, back) {
        left = flush_detached(mounted, back, until, talk);
    }
    let detached_until = Instant::now() + DETACHED_MAX;
    loop {
        match mounted.leaving.hear(STEP) {
            Heard::Outcome(outcome) => return told(&outcome),
            Heard::Far(Some(far)) => talk.progress(told(&far)?),
            Heard::Far(None) => {}
        }
        if !mounted.leaving.is_draining() && Instant::now() >= detached_until {
            let so_far = back.map_or_else(Outcome::default, |back| outcome(back, left));
            return told(&Outcome { detached: true, ..so_far });
        }
    }
}

/// Writes back what is there, once, while those who still use the mount are served. If they are gone before that, the
/// end of the mount sees to the rest.
fn flush_detached(mounted: &Mounted, back: &Back, until: Option<Instant>, talk: &mut Talk<'_>) -> Vec<Left> {
    let drained = back.flush_once(None, until, &mut |tempo| {
        if let Ok(far) = told(&tempo.far(Instant::now())) {
            talk.progress(far);
        }
        !mounted.leaving.is_draining()
    });
    left(&drained.remaining)
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
