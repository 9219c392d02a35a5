use super::{Seen, Sizes, timed};
use crate::Result;
use crate::ground::Ground;

const STEP: usize = 1 << 20;

pub(crate) fn measure(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let pen = ground.create("long")?;
    let bytes = vec![7; STEP];
    let time = timed(|| (0..sizes.stream).step_by(STEP).try_for_each(|at| pen.write(&bytes, at)))?;
    Ok(vec![("MiB/s", sizes.stream as f64 / f64::from(1 << 20) / time.as_secs_f64())])
}
