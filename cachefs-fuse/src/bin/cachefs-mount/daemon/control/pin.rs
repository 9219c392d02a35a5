use cachefs::PinError;
use cachefs_fuse::control::{PathArguments, PinTold, Refusal, Request, Talk};
use serde_json::{Value, json};

use super::asking::{Far, ask};
use super::file::{PATIENCE, asking, refusal};
use super::{Mounted, inside, told};

/// Loads a file and keeps it in memory. Who hangs up ends it.
pub(super) fn pin(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let PathArguments { path } = request.arguments()?;
    let inside = inside(&path)?.to_owned();
    let cache = mounted.cache.clone();
    let pin = move |far: &Far| {
        let progress = |bytes| {
            far.hint(json!({ "bytes": bytes }));
            !far.is_over()
        };
        let pinned = cache.pin_with(&inside, progress).map_err(|error| match error {
            PinError::File(error) => refusal(&error),
            error => Refusal::failed(error.to_string()),
        })?;
        tracing::info!(path = %inside.display(), bytes = pinned.bytes, "pinned by request");
        told(&PinTold { files: 1, bytes: pinned.bytes })
    };
    ask((asking(mounted)?, &path), PATIENCE, talk, pin)
}

/// Lets a file be evicted like any other.
pub(super) fn unpin(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    let PathArguments { path } = request.arguments()?;
    let inside = inside(&path)?.to_owned();
    let cache = mounted.cache.clone();
    let unpin = move |_: &Far| {
        let file = cache.held(&inside).map_err(|error| refusal(&error))?.attr.id;
        let bytes = cache.pinned_bytes(file).unwrap_or(0);
        match cache.unpin_file(file) {
            true => told(&PinTold { files: 1, bytes }),
            false => told(&PinTold::default()),
        }
    };
    ask((asking(mounted)?, &path), PATIENCE, talk, unpin)
}
