use super::{Seen, Sizes, micros, timed};
use crate::Result;
use crate::ground::Ground;

pub(crate) fn measure(ground: &dyn Ground, sizes: &Sizes) -> Result<Seen> {
    let files = if ground.is_slow() { sizes.slow.min(sizes.files) } else { sizes.files };
    let time = timed(|| {
        for number in 0..files {
            ground.create(&format!("f{number}"))?.write(&[7; 4096], 0)?;
        }
        Ok(())
    })?;
    Ok(vec![("us/file", micros(time) / files as f64)])
}
