use cachefs_fuse::control::{Refusal, Request, SetArguments, SetTold, Talk};
use serde_json::Value;

use super::{Mounted, told};
use crate::flags::Size;

/// What it was and what it is now, each as on the command line; or what is wrong with it.
type Set = Result<(String, String), String>;

/// Something that can change while the mount runs.
struct Key {
    name: &'static str,
    set: fn(&Mounted, &str) -> Set,
}

const KEYS: &[Key] = &[Key { name: "memory", set: memory }, Key { name: "log-level", set: log_level }];

pub(super) fn run(mounted: &Mounted, request: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    let SetArguments { key, value } = request.arguments()?;
    // As in mount options.
    let wanted = key.replace('_', "-");
    let Some(found) = KEYS.iter().find(|known| known.name == wanted) else {
        let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        return Err(Refusal::usage(format!(
            "{key} cannot change while the mount runs; what can: {}",
            known.join(", ")
        )));
    };
    let (before, value) =
        (found.set)(mounted, &value).map_err(|error| Refusal::usage(format!("{key}: {error}")))?;
    mounted.settings.lock().set(&wanted.replace('-', "_"), &value);
    tracing::info!(key = found.name, value, before, "set by request");
    told(&SetTold { key: found.name.to_owned(), value, before })
}

fn memory(mounted: &Mounted, value: &str) -> Set {
    let size: Size = value.parse()?;
    let bytes = size.bytes(crate::machine().memory_bytes);
    let before = mounted.cache.usage().bytes_max;
    mounted.cache.set_memory(usize::try_from(bytes).map_err(|error| error.to_string())?);
    Ok((before.to_string(), bytes.to_string()))
}

fn log_level(mounted: &Mounted, value: &str) -> Set {
    let level = value
        .parse()
        .map_err(|_| format!("\"{value}\" is no level: give error, warn, info, debug or trace"))?;
    let before = mounted.log.set_level(level).map_err(|error| error.to_string())?;
    Ok((before.to_string().to_lowercase(), level.to_string().to_lowercase()))
}
