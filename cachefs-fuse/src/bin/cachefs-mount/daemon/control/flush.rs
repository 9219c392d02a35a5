use std::path::Path;
use std::time::{Duration, Instant};

use cachefs_fuse::control::{FlushArguments, Left, Outcome, Refusal, Request, Talk};
use cachefs_writeback::Drained;
use serde_json::Value;

use super::asking::{Patience, ask};
use super::{ASKING_MAX, Mounted, inside, shown, told};
use crate::daemon::back::{Back, left};

/// Flushes at a time: the rest of the clients there may be is for those who ask how it is, or want it to end.
const FLUSHES_MAX: usize = 16;

pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments: FlushArguments = request.arguments()?;
    let deadline = deadline(arguments.timeout_seconds)?;
    let path = arguments.path.as_deref().map(Path::new).filter(|path| !path.as_os_str().is_empty());
    let Some(back) = &mounted.back else { return told(&Outcome::default()) };
    let busy = || Refusal::temporary("too many others are flushing this mount: try again");
    let _one = mounted.flushes.enter(FLUSHES_MAX).ok_or_else(busy)?;
    if let Some(path) = path {
        check(mounted, path, deadline, talk)?;
    }
    let drained = once(back, path, deadline, talk);
    told(&outcome(back, left(&drained.remaining)))
}

/// Writes what is dirty now, once; who asked hears how far it is, and may hang up.
pub(super) fn once(
    back: &Back,
    within: Option<&Path>,
    deadline: Option<Instant>,
    talk: &mut Talk<'_>,
) -> Drained {
    back.flush_once(within, deadline, &mut |tempo| {
        if let Ok(far) = told(&tempo.far(Instant::now())) {
            talk.progress(far);
        }
        !talk.is_over()
    })
}

/// Whether there is something at the path. A source that hangs keeps nobody longer than they want to wait.
fn check(mounted: &Mounted, path: &Path, until: Option<Instant>, talk: &mut Talk<'_>) -> Result<(), Refusal> {
    let what = shown(path);
    inside(&what)?;
    let silent = || Refusal::temporary(format!("{what}: the source does not answer"));
    let slot = mounted.asking.enter(ASKING_MAX).ok_or_else(silent)?;
    let (cache, asked) = (mounted.cache.clone(), path.to_owned());
    ask((slot, &what), Patience { silence: Duration::MAX, until }, talk, move |_| match cache.stat(&asked) {
        Ok(_) => Ok(Value::Null),
        Err(error) if error.is_not_found() => {
            Err(Refusal::not_found(format!("{} does not exist", asked.display())))
        }
        Err(error) => Err(Refusal::failed(format!("{}: {error}", asked.display()))),
    })
    .map(drop)
}

/// How it stands when it is over.
pub(in crate::daemon) fn outcome(back: &Back, left: Vec<Left>) -> Outcome {
    let status = back.status();
    Outcome {
        dirty_bytes: status.dirty_bytes,
        dirty_files: status.dirty_files,
        left,
        conflicts: status.conflicts,
        lost_bytes: status.lost_bytes,
        journal: Some(shown(back.journal())),
        detached: false,
    }
}

/// When to give up; a time that is none is refused.
pub(super) fn deadline(seconds: Option<f64>) -> Result<Option<Instant>, Refusal> {
    let Some(seconds) = seconds else { return Ok(None) };
    let wrong = || Refusal::usage(format!("timeout_seconds: {seconds} is no time"));
    let span = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    Instant::now().checked_add(span).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_time() {
        assert_eq!(deadline(None), Ok(None));
        assert!(deadline(Some(1.5)).is_ok_and(|until| until.is_some_and(|until| until > Instant::now())));
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(deadline(Some(seconds)).is_err(), "{seconds}");
        }
    }
}
