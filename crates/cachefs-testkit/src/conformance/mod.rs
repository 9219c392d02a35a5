//! What every filesystem must answer: a table of named cases that any [`cachefs_vfs::Vfs`] runs.
//!
//! Each case gets a fresh, empty filesystem. Cases for what a filesystem says it cannot do ([`cachefs_vfs::Caps`])
//! are left out.

mod acls;
mod attrs;
mod bench;
mod create;
mod failure;
mod links;
mod listing;
mod look_up;
mod read_only;
mod read_write;
mod remove;
mod rename;
mod reopen;
mod report;
mod space;
mod times;
mod unlinked;
mod xattrs;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cachefs_vfs::Caps;

use crate::subject::Subject;
use bench::Bench;
use failure::Outcome;

pub use read_only::{assert_read_only, populate};
pub use report::Report;

/// A case: its name, what it needs, and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name, once in the table.
    pub name: &'static str,
    needs: fn(&Caps) -> bool,
    run: fn(&Bench<'_>) -> Outcome,
}

impl Case {
    const fn new(name: &'static str, run: fn(&Bench<'_>) -> Outcome) -> Self {
        Self { name, needs: |_| true, run }
    }

    const fn needing(name: &'static str, needs: fn(&Caps) -> bool, run: fn(&Bench<'_>) -> Outcome) -> Self {
        Self { name, needs, run }
    }
}

/// The whole table.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        look_up::CASES,
        create::CASES,
        read_write::CASES,
        space::CASES,
        attrs::CASES,
        times::CASES,
        xattrs::CASES,
        acls::CASES,
        links::CASES,
        remove::CASES,
        unlinked::CASES,
        reopen::CASES,
        rename::CASES,
        listing::CASES,
    ]
    .concat()
}

/// Runs all cases that the filesystem's abilities allow, each on a fresh one.
pub fn run<S: Into<Subject>>(make: impl Fn() -> S) -> Report {
    let make = || make().into();
    let mut report = Report::default();
    for case in cases() {
        let subject = make();
        if !(case.needs)(&subject.fs.caps()) {
            report.skipped.push(case.name);
            continue;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            Bench::new(&subject, &make).and_then(|bench| (case.run)(&bench))
        }));
        match outcome {
            Ok(Ok(())) => report.passed.push(case.name),
            Ok(Err(failure)) => report.failed.push((case.name, failure.to_string())),
            Err(_) => report.failed.push((case.name, "panicked".into())),
        }
    }
    report
}

/// Runs all cases and insists that each passes.
///
/// # Panics
/// With the list of those that did not.
pub fn assert_all<S: Into<Subject>>(make: impl Fn() -> S) {
    assert_except(&[], make);
}

/// Runs all cases and insists that each passes but those listed, each with the reason why it cannot.
///
/// # Panics
/// With the list of those that did not pass, and of those listed that did.
pub fn assert_except<S: Into<Subject>>(except: &[(&str, &str)], make: impl Fn() -> S) {
    let report = run(make);
    let wrong = report.deviations(except);
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), report.ran(), wrong.join("\n"));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn no_two_cases_have_one_name() {
        let cases = super::cases();
        let names: HashSet<_> = cases.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases.len());
    }
}
