//! The steps of the one test command and of the long runs.

mod cargo;
mod compare;
mod models;
mod packages;
mod runner;
mod screenshot;
mod tests;
mod tools;

pub use compare::compare;
use runner::Shop;
pub use runner::{Choice, run};

use crate::{Result, tidy};

/// One step: it passes, or says why not.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What `--only` and `--skip` call it.
    pub name: &'static str,
    /// What it does, in one line.
    pub what: &'static str,
    run: fn(&Shop) -> Result<()>,
}

/// All tests, quickest verdicts first.
pub const TEST: [Step; 21] = [
    Step {
        name: "packages",
        what: "installs fuse3, acl, rsync... where they are missing",
        run: packages::install,
    },
    Step { name: "tools", what: "builds pjdfstest and fsx into target/tools", run: tools::install },
    Step { name: "fmt", what: "formatting", run: cargo::fmt },
    Step { name: "tidy", what: "crate arrows, lengths, unsafe, prints, sleeps, paths", run: tidy_tree },
    Step { name: "clippy", what: "lints of all targets, warnings denied", run: cargo::clippy },
    Step { name: "build", what: "builds all tests", run: cargo::build_tests },
    Step { name: "unit", what: "tests within the sources", run: cargo::unit },
    Step { name: "loom", what: "what is shared without a lock, in all orders of threads", run: models::loom },
    Step { name: "doc", what: "examples in the documentation", run: cargo::doc },
    Step { name: "libraries", what: "conformance, model, oracle, counts: no mount", run: tests::libraries },
    Step { name: "examples", what: "the examples, checked by themselves", run: tests::examples },
    Step { name: "benches", what: "each benchmark once, for what it asserts", run: tests::benches },
    Step { name: "mount", what: "the adapter and the program, verb by verb", run: tests::mount },
    Step { name: "profiles", what: "what programs see, however it is served", run: tests::profiles },
    Step { name: "programs", what: "diff, tar, rsync, git, SQLite, cargo on a mount", run: tests::programs },
    Step {
        name: "pjdfstest",
        what: "POSIX conformance of the mount against the native directory",
        run: tests::pjdfstest,
    },
    Step { name: "fsx", what: "random I/O with mmap on a mount", run: tests::fsx },
    Step { name: "storm", what: "renames of ancestors under load; a backing that hangs", run: tests::storm },
    Step {
        name: "back",
        what: "where other caches lose what was written; the daemon is killed while it writes back",
        run: tests::back,
    },
    Step { name: "fresh", what: "others change the source of a mount, in every mode", run: tests::fresh },
    Step { name: "limits", what: "memory, descriptors, inodes and listings under load", run: tests::limits },
];

/// What the documentation shows.
pub const PICTURES: [Step; 2] = [
    Step { name: "top", what: "docs/pictures/top.svg, by tmux", run: tests::picture_of_top },
    Step { name: "page", what: "docs/pictures/status-page.png, by Chromium", run: tests::pictures },
];

/// The long runs.
pub const SOAK: [Step; 11] = [
    Step { name: "tools", what: "builds pjdfstest and fsx into target/tools", run: tools::install },
    Step {
        name: "model",
        what: "20,000 operation sequences of each kind against the model, 60 s of each oracle",
        run: tests::soak_libraries,
    },
    Step {
        name: "kill",
        what: "200 rounds of writers on a daemon that is killed, and as many of SQLite",
        run: tests::soak_kill,
    },
    Step {
        name: "power",
        what: "20,000 losses of power, of the source and of the journal",
        run: tests::soak_power,
    },
    Step { name: "idle", what: "a minute of a mount that nobody uses", run: tests::soak_idle },
    Step { name: "storm", what: "a minute of renames of ancestors", run: tests::soak_storm },
    Step {
        name: "fsx",
        what: "two seeds of 100,000 operations in each mode and profile",
        run: tests::soak_fsx,
    },
    Step {
        name: "pjdfstest",
        what: "POSIX conformance in each mode and profile",
        run: tests::soak_pjdfstest,
    },
    Step {
        name: "programs",
        what: "diff, tar, rsync, git, SQLite, cargo in each mode",
        run: tests::soak_programs,
    },
    Step {
        name: "fresh",
        what: "two minutes of changes by others in each mode, 100,000 directories",
        run: tests::soak_fresh,
    },
    Step {
        name: "miri",
        what: "what is shared without a lock, under Miri; needs a nightly that has it",
        run: models::miri,
    },
];

fn tidy_tree(shop: &Shop) -> Result<()> {
    let findings = tidy::check(shop.root())?;
    for finding in &findings {
        shop.say(&finding.to_string());
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} to put right", findings.len()).into()) }
}
