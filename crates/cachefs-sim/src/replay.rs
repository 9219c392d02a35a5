use std::sync::{Mutex, PoisonError};

use crate::measure::Failure;
use crate::stream::Stream;
use crate::{Belady, Cache, NextUses, Request, Tally, Unit};

/// So many requests are taken at once and shown to one cache after the other.
const CHUNK: usize = 1 << 16;

/// Who is measured.
#[derive(Debug)]
pub enum Contestant {
    /// A policy.
    Cache(Box<Cache>),
    /// The optimum.
    Optimum(Belady),
}

impl Contestant {
    /// What was asked of it so far, and found.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        match self {
            Self::Cache(cache) => cache.tally(),
            Self::Optimum(optimum) => optimum.tally(),
        }
    }

    fn see(&mut self, steps: &[Step]) {
        for step in steps {
            match self {
                Self::Cache(cache) => cache.access(step.request, step.weight),
                Self::Optimum(optimum) => optimum.access(step.request, step.weight, step.next),
            };
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Step {
    request: Request,
    weight: u64,
    next: u64,
}

/// A trace on its way past many caches.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    /// What an entry weighs.
    pub unit: Unit,
    /// At most so many threads work.
    pub threads: usize,
}

impl Replay {
    /// Shows all of the trace to each of them; `progress` hears how many bytes of the file were read.
    pub(crate) fn run(
        self,
        stream: &mut Stream,
        next_uses: Option<&NextUses>,
        contestants: &mut [Contestant],
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let mut uses = next_uses.map(NextUses::iter);
        let mut steps = Vec::with_capacity(CHUNK);
        loop {
            steps.clear();
            while steps.len() < CHUNK
                && let Some(request) = stream.next()
            {
                let request = request?;
                let next = uses.as_mut().and_then(Iterator::next).transpose().map_err(Failure::Space)?;
                let weight = self.unit.weight(request);
                steps.push(Step { request, weight, next: next.unwrap_or(NextUses::NEVER) });
            }
            if steps.is_empty() {
                return Ok(());
            }
            self.show(&steps, contestants);
            progress(stream.bytes_read());
        }
    }

    fn show(self, steps: &[Step], contestants: &mut [Contestant]) {
        let threads = self.threads.clamp(1, contestants.len().max(1));
        if threads == 1 {
            return contestants.iter_mut().for_each(|contestant| contestant.see(steps));
        }
        let queue = Mutex::new(contestants.iter_mut());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    while let Some(contestant) = next() {
                        contestant.see(steps);
                    }
                });
            }
        });
    }
}
