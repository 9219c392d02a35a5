//! The ways to serve and to be fresh, for tests that have to pass in all of them.

/// Arguments of `cachefs-mount`.
pub type Mode = &'static [&'static str];

/// Every mode of being fresh; the first is what it takes by itself over a local directory.
pub const MODES: [Mode; 6] = [
    &["--coherence=auto"],
    &["--coherence=watch:directories"],
    &["--coherence=watch:inotify"],
    &["--coherence=open"],
    &["--coherence=ttl=1s"],
    &["--coherence=single"],
];

/// The other profiles, as far as they serve differently.
pub const OTHER_PROFILES: [Mode; 4] = [
    &["--profile=stream", "--coherence=auto"],
    &["--profile=stream", "--coherence=open"],
    &["--profile=direct", "--coherence=auto"],
    &["--profile=direct", "--coherence=open"],
];

/// Writing back: flushed while files are in use, flushed when nobody uses them, and kept out of the journal's disk.
/// Whoever serves files by the kernel cannot.
pub const BACK: [Mode; 5] = [
    &["--mode=back", "--coherence=auto", "--flush-after=10ms"],
    &["--mode=back", "--coherence=auto"],
    &["--mode=back", "--coherence=open", "--flush-after=10ms", "--dirty-max=8M"],
    &["--mode=back", "--coherence=ttl=1s", "--durability=backing", "--flush-on-close"],
    &["--mode=back", "--profile=direct", "--coherence=auto", "--flush-after=100ms"],
];

/// Everything that is tested where there is time.
pub fn all_modes() -> Vec<Mode> {
    [&MODES[..], &OTHER_PROFILES, &BACK].concat()
}

/// Every mode in the long runs, otherwise the few that are named; of them those with the text in
/// `CACHEFS_MODES_WITH`, to look at one way to mount.
pub fn modes_or(few: &[Mode]) -> Vec<Mode> {
    let text = std::env::var("CACHEFS_MODES_WITH").unwrap_or_default();
    let all = super::setting("CACHEFS_ALL_MODES", 0) != 0 || !text.is_empty();
    let mut modes = if all { all_modes() } else { few.to_vec() };
    modes.retain(|mode| mode.join(" ").contains(&text));
    modes
}

/// Every way to be fresh, each of the other profiles once, and writing back; all that there are in the long runs.
pub fn usual_modes() -> Vec<Mode> {
    modes_or(&[&MODES[..], &[OTHER_PROFILES[0], OTHER_PROFILES[2], BACK[0]]].concat())
}

/// Whether these arguments let bytes wait before they are in the source.
pub fn writes_back(arguments: &[&str]) -> bool {
    arguments.contains(&"--mode=back")
}
