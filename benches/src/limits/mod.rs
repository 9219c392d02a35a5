//! The hit path beside what the machine can do, and costs by size.

mod batch;
mod engine;
mod hits;
mod policies;
mod warming;

use cachefs_vfs::Result;

use crate::round::{Counted, Round};
use crate::{Meter, Scale};

/// The groups of figures.
pub const HITS: &str = "hits by handle";
/// Insert and evict, by policy.
pub const POLICIES: &str = "policies";
/// Reads that evict, in the engine.
pub const ENGINE: &str = "engine";
/// Many paths, by one call and one by one.
pub const BATCH: &str = "batch";
/// Warming over memory, by workers.
pub const WARM_MEMORY: &str = "warming, memory";
/// Warming over what is slow, by workers.
pub const WARM_SLOW: &str = "warming, slow";

/// Measures all of it.
///
/// # Errors
/// The first one of anything.
pub fn run(round: &mut Round, scale: &Scale) -> Result<()> {
    hits::run(round, scale)?;
    policies::run(round, scale)?;
    engine::run(round, scale)?;
    batch::run(round, scale)?;
    warming::run(round, scale)
}

/// What is measured, and who.
type Turn<'a> = (&'a str, Box<dyn FnMut(&mut Meter) -> Result<()> + 'a>);

/// Measures these in turn.
fn interleave(
    round: &mut Round,
    group: &str,
    case: &str,
    scale: &Scale,
    mut turns: Vec<Turn<'_>>,
) -> Result<()> {
    let mut slices = vec![Vec::new(); turns.len()];
    for _ in 0..scale.slices {
        for ((_, turn), slices) in turns.iter_mut().zip(&mut slices) {
            let mut meter = Meter::timing(scale.slice);
            turn(&mut meter)?;
            slices.push(meter.took);
        }
    }
    for ((name, turn), slices) in turns.iter_mut().zip(&slices) {
        let mut meter = Meter::counting(None);
        turn(&mut meter)?;
        round.add((group, case, name), slices, Some(Counted::allocations(&meter.took)));
    }
    Ok(())
}

/// 100 and each tenfold step up to `end`.
fn steps(end: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(100), |step| Some(step * 10)).take_while(move |&step| step <= end)
}
