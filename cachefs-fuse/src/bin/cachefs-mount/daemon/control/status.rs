use cachefs_fuse::control::{Refusal, Request, Status, Talk};
use serde_json::Value;

use super::{Mounted, shown, told};

pub(super) fn run(mounted: &Mounted, _: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    told(&of(mounted))
}

pub(super) fn of(mounted: &Mounted) -> Status {
    let usage = mounted.cache.usage();
    Status {
        source: mounted.source.clone(),
        mountpoint: shown(mounted.unmounter.path()),
        pid: std::process::id(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        stage: mounted.leaving.stage().to_owned(),
        uptime_seconds: mounted.since.elapsed().as_secs_f64(),
        policy: mounted.policy.to_owned(),
        mode: mounted.mode.to_owned(),
        profile: mounted.profile.to_owned(),
        coherence: mounted.freshness.name().to_owned(),
        assume_no_growth: mounted.no_growth,
        memory_bytes: usage.bytes as u64,
        memory_max_bytes: usage.bytes_max as u64,
        write_back: mounted.back.as_ref().map(|back| back.told()),
    }
}
