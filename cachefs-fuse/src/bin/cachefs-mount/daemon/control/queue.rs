use cachefs_fuse::control::{Queue, QueueArguments, Refusal, Request, Talk, Waiting};
use serde_json::Value;

use super::{Mounted, shown, told};

/// Files that are named at most.
const FILES_MAX: u64 = 1000;

/// What waits to be written to the source, the oldest first.
pub(super) fn run(mounted: &Mounted, request: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    let QueueArguments { max } = request.arguments()?;
    let Some(back) = &mounted.back else { return told(&Queue::default()) };
    let max = usize::try_from(max.unwrap_or(FILES_MAX).min(FILES_MAX)).unwrap_or(0);
    let status = back.status();
    let files = back.pending(max).into_iter().map(|file| Waiting {
        path: shown(&file.path),
        bytes: file.bytes,
        age_seconds: file.age.as_secs_f64(),
        hangs: file.hangs,
        error: file.error.as_ref().map(ToString::to_string),
    });
    told(&Queue { dirty_files: status.dirty_files, dirty_bytes: status.dirty_bytes, files: files.collect() })
}
