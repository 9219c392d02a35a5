use cachefs::Forecast;
use cachefs::policy::Sample;
use cachefs_fuse::control::{Mrc, MrcPoint, Refusal, Request, Talk};
use serde_json::Value;

use super::{Mounted, told};

/// With fewer references to blocks a forecast tells more of their order than of the cache.
const REFERENCES_MIN: u64 = 1000;

/// What more memory, or another policy, would bring. Takes a tenth of a second of the client's own thread.
pub(super) fn run(mounted: &Mounted, _: &Request, _: &mut Talk<'_>) -> Result<Value, Refusal> {
    let Some(forecast) = mounted.cache.mrc() else {
        return Err(Refusal::failed("this mount keeps no sample of what is read: mount it with --curve on"));
    };
    told(&Mrc {
        policy: mounted.policy.to_owned(),
        memory_max_bytes: mounted.cache.usage().bytes_max as u64,
        covers: forecast.covers,
        references: forecast.references,
        blocks: forecast.keys as u64,
        share: forecast.rate,
        rough: is_rough(&forecast),
        points: (forecast.points.iter())
            .map(|point| MrcPoint {
                policy: point.policy.name().to_owned(),
                memory_bytes: point.capacity,
                factor: point.factor,
                hit_percent: 100.0 * point.hit_ratio,
            })
            .collect(),
    })
}

fn is_rough(forecast: &Forecast) -> bool {
    let few = forecast.rate < 1.0 && (forecast.keys as u64) < Sample::KEYS_MIN;
    few || forecast.references < REFERENCES_MIN
}
