use std::fs::File;

use super::growth;
use super::ready::Ready;
use super::voice::{Voice, Word};
use crate::failure::Failure;
use crate::flags::Config;

/// Says that the mount is ready, and in what mode, to who waits for it; from then on nobody listens.
pub(super) fn announce(ready: &Ready<'_>, voice: Voice) -> Result<(), Failure> {
    let config = ready.config;
    if voice == Voice::Pipe || config.log.file.is_some() {
        tracing::info!("{ready}");
    }
    if let Some(why) = &ready.freshness.no_watch {
        tell_no_watch(why, config, voice);
    }
    growth::tell_idle(ready, voice);
    let text = match (config.json, voice) {
        (true, _) => ready.json(),
        (false, Voice::Terminal) if !config.quiet => ready.to_string(),
        (false, _) => String::new(),
    };
    let gone =
        |error| Failure::system(format!("who started the mount was gone before it was ready: {error}"));
    voice.say(&Word::Ready(text)).map_err(gone)?;
    if voice == Voice::Pipe {
        let null = File::options().write(true).open("/dev/null").map_err(gone)?;
        rustix::stdio::dup2_stdout(null).map_err(|errno| gone(errno.into()))?;
    }
    Ok(())
}

/// Why there is no watch, to people too where neither the log nor the ready line tells them.
fn tell_no_watch(why: &str, config: &Config, voice: Voice) {
    tracing::warn!("no watch ({why}): each open and look-up asks the source");
    if voice == Voice::Pipe || (config.json && config.log.file.is_some()) {
        voice.note(&format!("no watch ({why}): each open and look-up asks the source"));
    }
}
