use cachefs_fuse::control::{Refusal, Request, Talk};
use serde_json::{Value, json};

use super::Mounted;

/// Each setting and where it came from.
pub(super) fn run(mounted: &Mounted, _: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "settings": mounted.settings.lock().settings() }))
}
