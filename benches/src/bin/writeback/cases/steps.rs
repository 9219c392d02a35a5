use super::{Seen, Sizes, micros, timed};
use crate::Result;
use crate::ground::Ground;

const STEP: usize = 4096;
const SHORT: u64 = 1 << 20;
const LONG: u64 = 16 << 20;

/// Linear in size: a step into a long file costs what one into a short file does.
pub(crate) fn measure(ground: &dyn Ground, _: &Sizes) -> Result<Seen> {
    // The first file pays for what is set up once.
    write(ground, "first", SHORT)?;
    let short = write(ground, "short", SHORT)?;
    let long = write(ground, "long", LONG)?;
    let growth = (long / LONG as f64) / (short / SHORT as f64);
    Ok(vec![("1 MiB, us", short), ("16 MiB, us", long), ("growth per byte", growth)])
}

fn write(ground: &dyn Ground, name: &str, length: u64) -> Result<f64> {
    let pen = ground.create(name)?;
    let time = timed(|| (0..length).step_by(STEP).try_for_each(|at| pen.write(&[7; STEP], at)))?;
    Ok(micros(time))
}
