use std::path::{Component, Path};
use std::time::{Duration, Instant};

use cachefs_fuse::control::{FlushArguments, Left, Outcome, Refusal, Request, Talk};
use serde_json::Value;

use super::{Mounted, shown, told};
use crate::daemon::back::{Back, left};

pub(super) fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments: FlushArguments = request.arguments()?;
    let deadline = deadline(arguments.timeout_seconds)?;
    let path = arguments.path.as_deref().map(Path::new).filter(|path| !path.as_os_str().is_empty());
    let Some(back) = &mounted.back else { return told(&Outcome::default()) };
    match path {
        None => all(back, deadline, talk),
        Some(path) => one(mounted, back, path),
    }
}

fn all(back: &Back, deadline: Option<Instant>, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let drained = back.drain(deadline, &mut |tempo| {
        if let Ok(far) = told(&tempo.far(Instant::now())) {
            talk.progress(far);
        }
        !talk.is_over()
    });
    told(&outcome(back, left(&drained.remaining)))
}

fn one(mounted: &Mounted, back: &Back, path: &Path) -> Result<Value, Refusal> {
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Refusal::usage(format!("{}: give a path relative to the mount", path.display())));
    }
    let attr = mounted.cache.stat(path).map_err(|error| match error.is_not_found() {
        true => Refusal::not_found(format!("{} does not exist", path.display())),
        false => Refusal::failed(format!("{}: {error}", path.display())),
    })?;
    let flushed = match attr.kind.is_dir() {
        true => back.write_back().flush_subtree(path),
        false => back.write_back().flush_path(path),
    };
    let left = match flushed {
        Ok(()) => Vec::new(),
        Err(error) => vec![Left { path: shown(path), error: Some(error.to_string()), ..Left::default() }],
    };
    told(&outcome(back, left))
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
