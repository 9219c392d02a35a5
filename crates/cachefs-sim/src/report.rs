use cachefs_policy::PolicyKind;
use serde::Serialize;

use crate::measure::footprint;
use crate::sample;
use crate::{Contestant, Format, Plan, Sample, Size, Survey, Tally, Unit};

/// What the optimum is called.
const OPTIMUM: &str = "optimum";
/// Below this distance between LRU and the optimum, no share of it means anything.
const GAP_MIN: f64 = 1e-4;

/// Who takes part: a policy, or the optimum, at a size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entrant {
    pub(crate) policy: Option<PolicyKind>,
    pub(crate) size: Size,
    pub(crate) capacity: u64,
}

/// What one trace showed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its path.
    pub trace: String,
    /// How it is written.
    pub format: &'static str,
    /// What capacities are counted in.
    pub unit: &'static str,
    /// Requests, all of them.
    pub requests: u64,
    /// Distinct keys (an estimate, where a sample was taken).
    pub keys: u64,
    /// What the distinct keys weigh together, in the unit (an estimate, where a sample was taken).
    pub footprint: u64,
    /// The share of the keys that was looked at.
    pub sample: f64,
    /// Whether the optimum is only the usual approximation, as entries weigh differently.
    pub optimum_is_approximate: bool,
    /// By size, and by policy in the order asked for, the optimum last.
    pub rows: Vec<Row>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A policy at a size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name, or `optimum`.
    pub policy: &'static str,
    /// The size as it was asked for.
    pub size: String,
    /// The size in the unit.
    pub capacity: u64,
    /// What was counted, of the sample.
    #[serde(flatten)]
    pub tally: Tally,
    /// Hits per request, 0 to 1.
    pub hit_ratio: f64,
    /// Bytes hit per byte asked for, 0 to 1.
    pub byte_hit_ratio: f64,
    /// The share of the way from LRU's hit ratio to the optimum's, in percent; nothing if that way is too short.
    pub gap_closed: Option<f64>,
}

impl Report {
    pub(crate) fn new(
        trace: String,
        format: Format,
        unit: Unit,
        plan: &Plan,
        survey: &Survey,
        entrants: &[Entrant],
        contestants: &[Contestant],
    ) -> Self {
        let per_size = entrants.len() / plan.sizes.len().max(1);
        let mut rows = Vec::new();
        for (entrants, contestants) in
            entrants.chunks(per_size.max(1)).zip(contestants.chunks(per_size.max(1)))
        {
            let tallies =
                contestants.iter().map(|one| sample::adjust(plan.sample, one.tally(), survey.requests));
            let mut of_size: Vec<Row> =
                entrants.iter().zip(tallies).map(|(entrant, tally)| Row::new(entrant, tally)).collect();
            if plan.optimum {
                close_gaps(&mut of_size);
            }
            let asked = |row: &Row| {
                row.policy == OPTIMUM || plan.policies.iter().any(|kind| kind.name() == row.policy)
            };
            rows.extend(of_size.into_iter().filter(asked));
        }
        Self {
            trace,
            format: format.name(),
            unit: unit.name(),
            requests: survey.requests,
            keys: plan.sample.grow(survey.keys),
            footprint: plan.sample.grow(footprint(survey, unit)),
            sample: plan.sample.rate(),
            optimum_is_approximate: plan.optimum && unit == Unit::Bytes,
            rows,
            notes: notes(plan, survey, unit),
        }
    }
}

impl Row {
    fn new(entrant: &Entrant, tally: Tally) -> Self {
        Self {
            policy: entrant.policy.map_or(OPTIMUM, PolicyKind::name),
            size: entrant.size.to_string(),
            capacity: entrant.capacity,
            tally,
            hit_ratio: tally.hit_ratio(),
            byte_hit_ratio: tally.byte_hit_ratio(),
            gap_closed: None,
        }
    }

    /// Whether this is the optimum, and no policy.
    #[must_use]
    pub fn is_optimum(&self) -> bool {
        self.policy == OPTIMUM
    }
}

fn close_gaps(rows: &mut [Row]) {
    let of = |name: &str| rows.iter().find(|row| row.policy == name).map(|row| row.hit_ratio);
    let (Some(lru), Some(optimum)) = (of(PolicyKind::Lru.name()), of(OPTIMUM)) else { return };
    if optimum - lru < GAP_MIN {
        return;
    }
    for row in rows {
        row.gap_closed = Some(100.0 * (row.hit_ratio - lru) / (optimum - lru));
    }
}

fn notes(plan: &Plan, survey: &Survey, unit: Unit) -> Vec<String> {
    let mut notes = Vec::new();
    if plan.optimum && unit == Unit::Bytes {
        notes.push(
            "entries weigh differently: the optimum is an approximation (the one used last goes first, whatever it \
             weighs), which policies may surpass"
                .to_owned(),
        );
    }
    if !plan.sample.is_all() && survey.keys < Sample::KEYS_MIN {
        let (keys, min) = (survey.keys, Sample::KEYS_MIN);
        notes.push(format!("only {keys} keys are in the sample: with less than {min} figures are rough"));
    }
    notes
}

/// The mean share of the way from LRU to the optimum that a policy went, in percent, over all sizes of all traces where
/// there is such a way.
#[must_use]
pub fn mean_gap_closed(reports: &[Report], policy: &str) -> Option<f64> {
    let rows = reports.iter().flat_map(|report| &report.rows).filter(|row| row.policy == policy);
    let gaps: Vec<f64> = rows.filter_map(|row| row.gap_closed).collect();
    let count = u32::try_from(gaps.len()).ok().filter(|&count| count > 0)?;
    Some(gaps.iter().sum::<f64>() / f64::from(count))
}
