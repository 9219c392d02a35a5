use cachefs_fuse::control::{BundleTold, Refusal, Request, Talk};
use serde_json::Value;

use super::{Mounted, told};
use crate::daemon::log::Recent;

/// What is of use to whoever looks for a defect, beside what `stat` answers.
pub(super) fn run(_: &Mounted, _: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    let arguments = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    told(&BundleTold { arguments, log: Recent::lines() })
}
