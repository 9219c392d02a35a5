use crate::contender::Contender::{self, Library, Mount, Native, Slow};
use crate::contender::Writing::{Back, Through};
use crate::figures::Figures;

/// What has to come out.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) what: &'static str,
    pub(crate) case: &'static str,
    figure: &'static str,
    of: Contender,
    /// Its figure is divided by this one's.
    by: Option<Contender>,
    pub(crate) bound: Bound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    Least(f64),
    Most(f64),
    /// Shown, not judged.
    None,
}

const fn goal(
    what: &'static str,
    (case, figure): (&'static str, &'static str),
    (of, by): (Contender, Option<Contender>),
    bound: Bound,
) -> Goal {
    Goal { what, case, figure, of, by, bound }
}

pub(crate) const GOALS: [Goal; 15] = [
    goal(
        "overwrite, slow: back faster by",
        ("overwrite", "us/write"),
        (Slow(Through), Some(Slow(Back))),
        Bound::Least(20.0),
    ),
    goal(
        "overwrite, library: back faster by",
        ("overwrite", "us/write"),
        (Library(Through), Some(Library(Back))),
        Bound::None,
    ),
    goal(
        "overwrite, mount: back faster by",
        ("overwrite", "us/write"),
        (Mount(Through), Some(Mount(Back))),
        Bound::None,
    ),
    goal(
        "create, slow: back faster by",
        ("create", "us/file"),
        (Slow(Through), Some(Slow(Back))),
        Bound::Least(1.5),
    ),
    goal(
        "create, library: back faster by",
        ("create", "us/file"),
        (Library(Through), Some(Library(Back))),
        Bound::None,
    ),
    goal(
        "create, mount: back faster by",
        ("create", "us/file"),
        (Mount(Through), Some(Mount(Back))),
        Bound::None,
    ),
    goal(
        "stream absorbed, mount, of native",
        ("stream", "MiB/s"),
        (Mount(Back), Some(Native)),
        Bound::Least(0.2),
    ),
    goal(
        "stream absorbed, library, of native",
        ("stream", "MiB/s"),
        (Library(Back), Some(Native)),
        Bound::Least(0.2),
    ),
    goal(
        "stream absorbed, slow, of native",
        ("stream", "MiB/s"),
        (Slow(Back), Some(Native)),
        Bound::Least(0.2),
    ),
    goal(
        "fsync p50, mount, times native",
        ("fsync", "p50 us"),
        (Mount(Back), Some(Native)),
        Bound::Most(1.3),
    ),
    goal("fsync p99, mount, times native", ("fsync", "p99 us"), (Mount(Back), Some(Native)), Bound::None),
    goal(
        "group commit, library, 16 threads of one",
        ("group", "gain"),
        (Library(Back), None),
        Bound::Least(4.0),
    ),
    goal("group commit, mount, 16 threads of one", ("group", "gain"), (Mount(Back), None), Bound::Least(4.0)),
    goal(
        "steps, library: a long file costs more by",
        ("steps", "growth per byte"),
        (Library(Back), None),
        Bound::Most(1.5),
    ),
    goal("pressed: longest write, ms", ("pressed", "longest ms"), (Slow(Back), None), Bound::Most(1000.0)),
];

impl Goal {
    /// What came out.
    pub(crate) fn value(&self, figures: &Figures) -> Option<f64> {
        let value = figures.median(self.case, self.of, self.figure)?;
        let Some(by) = self.by else { return Some(value) };
        Some(value / figures.median(self.case, by, self.figure)?)
    }

    /// Whether that is good enough; `None` if it is not judged.
    pub(crate) fn is_met(&self, value: f64) -> Option<bool> {
        match self.bound {
            Bound::Least(least) => Some(value >= least),
            Bound::Most(most) => Some(value <= most),
            Bound::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_is_of_a_contender_that_is_measured() {
        for goal in &GOALS {
            let case = crate::cases::CASES.iter().find(|case| case.name == goal.case).unwrap();
            for contender in std::iter::once(goal.of).chain(goal.by) {
                assert!(case.contenders.contains(&contender), "{}", goal.what);
            }
        }
    }

    #[test]
    fn a_goal_is_a_ratio_of_medians() {
        let mut figures = Figures::default();
        figures.add("overwrite", Slow(Through), vec![("us/write", 50.0)]);
        figures.add("overwrite", Slow(Back), vec![("us/write", 2.0)]);
        assert_eq!(GOALS[0].value(&figures), Some(25.0));
        assert_eq!(GOALS[0].is_met(25.0), Some(true));
        assert_eq!(GOALS[3].value(&figures), None);
    }
}
