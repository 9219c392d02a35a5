use std::io;

use cachefs_policy::{AdmitKind, PolicyKind};

use crate::report::{Entrant, Report};
use crate::stream::Stream;
use crate::{
    Belady, Blocks, Cache, Contestant, Guard, Replay, Request, Sample, Size, Survey, Trace, TraceError,
};

/// What an entry weighs, and a capacity is given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 1.
    Entries,
    /// Its size; nothing weighs less than a byte.
    Bytes,
}

impl Unit {
    /// As a user types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Bytes => "bytes",
        }
    }

    pub(crate) fn weight(self, request: Request) -> u64 {
        match self {
            Self::Entries => 1,
            Self::Bytes => request.size.max(1),
        }
    }
}

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose hits are counted. LRU's are, too, if the optimum's are, as the gap between the two is the measure.
    pub policies: Vec<PolicyKind>,
    /// At which capacities.
    pub sizes: Vec<Size>,
    /// `None`: bytes where the trace has sizes and is not cut into blocks.
    pub unit: Option<Unit>,
    /// Cuts the files of the trace into blocks.
    pub blocks: Option<Blocks>,
    /// What keeps entries out.
    pub guard: Guard,
    /// Which keys are looked at.
    pub sample: Sample,
    /// Whether to compute it, too.
    pub optimum: bool,
    /// At most so many threads work.
    pub threads: usize,
}

/// Why a trace could not be measured as planned.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Nothing in it is a request.
    #[error("{path}: the trace is empty")]
    Empty {
        /// The trace.
        path: String,
    },
    /// Blocks or bytes of a trace that does not say how large things are.
    #[error("{path}: the trace has no sizes, which {what} needs")]
    NoSizes {
        /// The trace.
        path: String,
        /// What needs them.
        what: &'static str,
    },
    /// Streams in a trace that does not say where in a file things are, or not of all.
    #[error("{path}: streams are seen only in .lis traces or with --blocks, and without --sample")]
    NoPlaces {
        /// The trace.
        path: String,
    },
    /// The sample has none of the keys.
    #[error("{path}: none of the keys is in the sample; give a higher rate")]
    NoSample {
        /// The trace.
        path: String,
    },
    /// The temporary file, which notes when keys come again, failed.
    #[error("temporary file: {0}")]
    Space(io::Error),
}

/// Reads the trace twice and says who hit how often. `progress` hears how much was done so far, out of twice
/// [`Trace::len_on_disk`].
///
/// # Errors
/// If the trace cannot be read or is not one, or has not what the plan needs.
pub fn measure(trace: &Trace, plan: &Plan, progress: &mut dyn FnMut(u64)) -> Result<Report, Failure> {
    let unit = check(trace, plan)?;
    let path = || trace.path().display().to_string();
    let mut stream = Stream::open(trace, plan.blocks, plan.sample)?;
    let survey = Survey::of(&mut stream, plan.optimum, progress)?;
    if survey.requests == 0 {
        return Err(Failure::Empty { path: path() });
    }
    if survey.keys == 0 {
        return Err(Failure::NoSample { path: path() });
    }
    let (entrants, mut contestants) = enter(plan, &survey, unit);
    let mut stream = Stream::open(trace, plan.blocks, plan.sample)?;
    let far = trace.len_on_disk();
    let replay = Replay { unit, threads: plan.threads };
    let uses = survey.next_uses.as_ref();
    replay.run(&mut stream, uses, &mut contestants, &mut |position| progress(far + position))?;
    Ok(Report::new(path(), trace.format(), unit, plan, &survey, &entrants, &contestants))
}

fn check(trace: &Trace, plan: &Plan) -> Result<Unit, Failure> {
    let path = || trace.path().display().to_string();
    let sized = trace.format().has_sizes();
    if plan.blocks.is_some() && !sized {
        return Err(Failure::NoSizes { path: path(), what: "--blocks" });
    }
    let placed = plan.blocks.is_some() || trace.format() == crate::Format::Lis;
    if plan.guard.scan_percent.is_some() && !(placed && plan.sample.is_all()) {
        return Err(Failure::NoPlaces { path: path() });
    }
    let natural = if sized && plan.blocks.is_none() { Unit::Bytes } else { Unit::Entries };
    let unit = plan.unit.unwrap_or(natural);
    if unit == Unit::Bytes && trace.format() == crate::Format::Ids {
        return Err(Failure::NoSizes { path: path(), what: "--unit bytes" });
    }
    Ok(unit)
}

/// Everybody at every size, and who it is.
fn enter(plan: &Plan, survey: &Survey, unit: Unit) -> (Vec<Entrant>, Vec<Contestant>) {
    let mut policies: Vec<Option<PolicyKind>> = plan.policies.iter().copied().map(Some).collect();
    if plan.optimum {
        if !plan.policies.contains(&PolicyKind::Lru) {
            policies.push(Some(PolicyKind::Lru));
        }
        policies.push(None);
    }
    let footprint = plan.sample.grow(footprint(survey, unit));
    let sizes: Vec<(Size, u64)> = plan.sizes.iter().map(|size| (*size, size.of(footprint))).collect();
    let entrants: Vec<Entrant> = sizes
        .iter()
        .flat_map(|&(size, capacity)| policies.iter().map(move |&policy| Entrant { policy, size, capacity }))
        .collect();
    let contestants = entrants
        .iter()
        .map(|entrant| {
            let capacity = plan.sample.shrink(entrant.capacity);
            match entrant.policy {
                None if unit == Unit::Bytes => Contestant::Optimum(Belady::weighted(capacity)),
                None => Contestant::Optimum(Belady::new(capacity)),
                Some(kind) => Contestant::Cache(Box::new(cache(kind, capacity, plan.guard, survey, unit))),
            }
        })
        .collect();
    (entrants, contestants)
}

/// In the unit.
pub(crate) const fn footprint(survey: &Survey, unit: Unit) -> u64 {
    match unit {
        Unit::Entries => survey.keys,
        Unit::Bytes => survey.key_bytes,
    }
}

fn cache(kind: PolicyKind, capacity: u64, guard: Guard, survey: &Survey, unit: Unit) -> Cache {
    let cache = Cache::new(kind, capacity);
    if guard.admit == AdmitKind::None && guard.scan_percent.is_none() {
        return cache;
    }
    let mean = (survey.key_bytes / survey.keys.max(1)).max(1);
    let (entries, bytes) = match unit {
        Unit::Entries => (capacity, capacity.saturating_mul(mean)),
        Unit::Bytes => ((capacity / mean).max(1), capacity),
    };
    // Filters take their memory at once: none is of use beyond the number of keys.
    let entries = usize::try_from(entries.min(survey.keys)).unwrap_or(usize::MAX);
    cache.guarded(guard, entries, bytes)
}
