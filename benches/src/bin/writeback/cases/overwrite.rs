use std::fs;
use std::path::Path;

use super::{Seen, Sizes, micros, timed};
use crate::Result;
use crate::ground::{Ground, Pen};

const FILES: u64 = 100;
const STEP: usize = 4096;

/// As long as all writes together are.
pub(crate) fn prepare(source: &Path, sizes: &Sizes) -> Result<()> {
    let length = usize::try_from(sizes.writes.div_ceil(FILES))? * STEP;
    for number in 0..FILES {
        fs::write(source.join(format!("f{number}")), vec![1; length])?;
    }
    Ok(())
}

pub(crate) fn measure(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let pens = (0..FILES).map(|number| ground.open(&format!("f{number}")));
    let pens: Vec<Box<dyn Pen>> = pens.collect::<Result<_>>()?;
    let blocks = sizes.writes.div_ceil(FILES);
    let writes = if ground.is_slow() { sizes.slow } else { sizes.writes };
    let bytes = [7; STEP];
    let time = timed(|| {
        for number in 0..writes {
            // Each place once, in no order: no two neighbours after each other.
            let block = (number / FILES * 37 + number) % blocks;
            pens[usize::try_from(number % FILES)?].write(&bytes, block * STEP as u64)?;
        }
        Ok(())
    })?;
    Ok(vec![("us/write", micros(time) / writes as f64)])
}
