use std::fmt;

use super::op::Step;

/// How many of the last steps a report shows.
const TAIL: usize = 40;

/// Where a filesystem and the model parted.
#[derive(Clone, Debug)]
pub struct Divergence {
    /// The seed that the steps were drawn from.
    pub seed: u64,
    /// The steps, up to and with the one after which they differed.
    pub steps: Vec<Step>,
    /// What differed.
    pub reason: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: after {} steps: {}", self.seed, self.steps.len(), self.reason)?;
        let skipped = self.steps.len().saturating_sub(TAIL);
        if skipped > 0 {
            writeln!(f, "  ... {skipped} steps")?;
        }
        for (index, step) in self.steps.iter().enumerate().skip(skipped) {
            let who = if step.outside { "outside: " } else { "" };
            writeln!(f, "  {index:3} {who}{:?}", step.op)?;
            if let Some(injected) = step.injected {
                writeln!(f, "      meets {injected:?}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Divergence {}
