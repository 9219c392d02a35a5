//! What one process measured.

use serde::{Deserialize, Serialize};

use crate::meter::Took;

/// What one contender needed in one case of one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Cases that belong together.
    pub group: String,
    /// The case.
    pub case: String,
    /// Who.
    pub contender: String,
    /// Nanoseconds for one operation.
    pub nanos: f64,
    /// Allocations of one operation on its thread, where they were counted.
    pub allocations: Option<f64>,
    /// Calls to the backing of one operation, where they were counted.
    pub calls: Option<f64>,
}

/// What a round found, in a process of its own: printed as JSON on its standard output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Crates that took part, and their versions.
    pub versions: Vec<(String, String)>,
    /// All figures.
    pub samples: Vec<Sample>,
}

impl Round {
    /// Adds what was measured: the median of the slices.
    pub fn add(
        &mut self,
        (group, case, contender): (&str, &str, &str),
        slices: &[Took],
        counted: Option<Counted>,
    ) {
        let nanos = crate::figures::median(slices.iter().map(Took::nanos_each).collect());
        let counted = counted.unwrap_or_default();
        self.samples.push(Sample {
            group: group.to_owned(),
            case: case.to_owned(),
            contender: contender.to_owned(),
            nanos: nanos.unwrap_or(0.0),
            allocations: counted.allocations,
            calls: counted.calls,
        });
    }
}

/// What was counted of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// Allocations.
    pub allocations: Option<f64>,
    /// Calls to the backing.
    pub calls: Option<f64>,
}

impl Counted {
    /// Both.
    #[must_use]
    pub fn both(took: &Took) -> Self {
        Self { allocations: Some(took.allocations_each()), calls: Some(took.calls_each()) }
    }

    /// Where there is no backing.
    #[must_use]
    pub fn allocations(took: &Took) -> Self {
        Self { allocations: Some(took.allocations_each()), calls: None }
    }
}
