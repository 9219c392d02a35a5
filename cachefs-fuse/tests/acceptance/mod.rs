//! What the acceptance tests share: a mount by the real program, programs run to their end, things to skip for.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it skips, and may panic")]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test uses its part")]

mod disturbed;
mod locked;
mod modes;
mod mounted;
mod proc;
mod program;
mod requests;
mod tree;

pub use disturbed::undisturbed;
pub use locked::Locked;
pub use modes::{BACK, MODES, Mode, OTHER_PROFILES, all_modes, modes_or, usual_modes, writes_back};
pub use mounted::Mounted;
pub use proc::{cpu_time, descriptors, free_address, memory, metric, metric_sum, metrics_page};
pub use program::{Run, program};
pub use requests::Requests;
pub use tree::{Size, make_tree};

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Whether `condition` holds; if not, says what is missing, and fails where everything is required.
///
/// # Panics
/// If the environment sets `CACHEFS_REQUIRE_ALL`, as `cargo xtask test` does.
pub fn required(condition: bool, what: &str) -> bool {
    if !condition {
        assert!(std::env::var_os("CACHEFS_REQUIRE_ALL").is_none(), "needed: {what}");
        println!("skipped: needs {what}");
    }
    condition
}

/// A test suite that `cargo xtask test --only tools` builds, if it is there.
pub fn tool(name: &str) -> Option<PathBuf> {
    let beside_us = || {
        let target = std::env::current_exe().ok()?;
        Some(target.ancestors().find(|path| path.join("tools/bin").is_dir())?.join("tools/bin"))
    };
    let folder = std::env::var_os("CACHEFS_TOOLS").map(PathBuf::from).or_else(beside_us);
    let path = folder.map(|folder| folder.join(name)).filter(|path| path.is_file());
    required(path.is_some(), &format!("{name}: run `cargo xtask test --only tools`"));
    path
}

/// A number from the environment, for the long runs.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Waits until `done` answers something, at most for `patience`.
pub fn wait_for<T>(patience: Duration, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = done() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2)); // sleep: the interval of a poll with a deadline
    }
}
