use super::divergence::Divergence;
use super::op::Step;
use super::run::Sequence;
use crate::subject::Subject;

/// How often a failing sequence is tried again with steps left out.
const TRIES_MAX: usize = 400;

impl Subject {
    fn run(&self, sequence: Sequence<'_>) -> Result<(), Divergence> {
        let mut sequence = sequence;
        if let Some(faults) = &self.faults {
            sequence = sequence.faults(faults);
        }
        if let Some(evict) = &self.evict {
            sequence = sequence.evict(evict);
        }
        if let Some(outside) = &self.outside {
            sequence = sequence.outside(&**outside, self.told.as_deref().unwrap_or(&|| ()));
        }
        sequence.run(&*self.fs)
    }
}

/// How many sequences a test runs: the environment's `CACHEFS_SEQUENCES`, else `default`.
#[must_use]
pub fn sequences_from_env(default: u64) -> u64 {
    std::env::var("CACHEFS_SEQUENCES").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// Runs a sequence of `length` steps for each of `seeds`, one filesystem for many of them. One that fails is run
/// again on fresh filesystems to find a shorter one that still does.
///
/// # Errors
/// The first divergence, as short as it was found.
pub fn check_sequences(
    seeds: std::ops::Range<u64>,
    length: usize,
    make: impl Fn() -> Subject,
) -> Result<(), Divergence> {
    let subject = make();
    for seed in seeds {
        if let Err(divergence) = subject.run(Sequence::new(seed, length)) {
            return Err(minimise(divergence, &make));
        }
    }
    Ok(())
}

/// Leaves out steps, half of them at once, then ever fewer, for as long as the rest still diverges.
fn minimise(mut shortest: Divergence, make: &impl Fn() -> Subject) -> Divergence {
    let seed = shortest.seed;
    let try_steps = |steps: Vec<Step>| make().run(Sequence::of(seed, steps)).err();
    let mut tries = 0;
    let mut chunk = shortest.steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < shortest.steps.len() && tries < TRIES_MAX {
            let mut steps = shortest.steps.clone();
            steps.drain(start..(start + chunk).min(steps.len()));
            tries += 1;
            match try_steps(steps) {
                Some(shorter) => shortest = shorter,
                None => start += chunk,
            }
        }
        chunk /= 2;
    }
    shortest
}
