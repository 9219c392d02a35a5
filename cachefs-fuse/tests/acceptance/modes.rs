//! The ways to be fresh, for tests that have to pass in all of them.

/// Every mode, as an argument of `cachefs-mount`; the first is what it takes by itself over a local directory.
pub const MODES: [&str; 6] = [
    "--coherence=auto",
    "--coherence=watch:directories",
    "--coherence=watch:inotify",
    "--coherence=open",
    "--coherence=ttl=1s",
    "--coherence=single",
];

/// Every mode in the long runs, otherwise the few that are named.
pub fn modes_or(few: &[&'static str]) -> Vec<&'static str> {
    if super::setting("CACHEFS_ALL_MODES", 0) == 0 { few.to_vec() } else { MODES.to_vec() }
}
