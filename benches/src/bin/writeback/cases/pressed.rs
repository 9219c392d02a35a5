use std::time::Duration;

use super::{Seen, Sizes, timed};
use crate::Result;
use crate::ground::Ground;

const STEP: usize = 128 << 10;

/// The longest that one write takes, and how fast they are on the whole.
pub(crate) fn measure(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let bytes = vec![7; STEP];
    let (mut longest, mut all) = (Duration::ZERO, Duration::ZERO);
    // In several files: those written before can be flushed.
    for number in 0..8 {
        let pen = ground.create(&format!("f{number}"))?;
        for at in (0..sizes.pressed / 8).step_by(STEP) {
            let time = timed(|| pen.write(&bytes, at))?;
            longest = longest.max(time);
            all += time;
        }
    }
    let mib = sizes.pressed as f64 / f64::from(1 << 20);
    Ok(vec![("longest ms", longest.as_secs_f64() * 1e3), ("MiB/s", mib / all.as_secs_f64())])
}
