use super::ready::Ready;
use super::voice::Voice;
use crate::flags::Coherence;

/// Says it where `--assume-no-growth` was given and spares nothing.
pub(super) fn tell_idle(ready: &Ready<'_>, voice: Voice) {
    if !ready.config.kernel.assume_no_growth || ready.no_growth {
        return;
    }
    let why = match ready.config.cache.coherence {
        Coherence::Single => "needless: under single, opening a file sends no request anyway",
        _ => "of no effect: without a watch each open asks the source",
    };
    let text = format!("--assume-no-growth is {why}");
    tracing::warn!("{text}");
    if voice == Voice::Pipe || ready.config.log.file.is_some() {
        voice.note(&text);
    }
}
