use std::fs;
use std::path::Path;

/// How often something is tried again because others interfered.
const TRIES: usize = 5;

/// What the kernel forgot because it was told to, or had to, on the whole machine.
fn forgotten() -> Vec<String> {
    let counters = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let ours = |line: &&str| ["drop_", "pgsteal_"].iter().any(|prefix| line.starts_with(prefix));
    counters.lines().filter(ours).map(str::to_owned).collect()
}

/// Whether the machine gives back pages that were not used for a while, as virtual machines may, which nothing counts.
fn gives_pages_back() -> bool {
    let is = |path: &Path, text: &str| fs::read_to_string(path).is_ok_and(|found| found.trim() == text);
    let watchers = fs::read_dir("/sys/kernel/mm/damon/admin/kdamonds").into_iter().flatten().flatten();
    let pages_out = |watcher: fs::DirEntry| {
        let first = watcher.path().join("contexts/0/schemes/0/action");
        is(&watcher.path().join("state"), "on") && is(&first, "pageout")
    };
    is(Path::new("/sys/module/damon_reclaim/parameters/enabled"), "Y") || watchers.into_iter().any(pages_out)
}

/// Checks what the kernel remembers, again if it was made to forget meanwhile, or may have been.
///
/// # Panics
/// If it is not as it should be.
pub fn undisturbed(check: impl Fn() -> Result<(), String>) {
    let restless = gives_pages_back();
    let mut wrong = String::new();
    for _ in 0..TRIES {
        let before = forgotten();
        match check() {
            Ok(()) => return,
            Err(error) => wrong = error,
        }
        assert!(restless || forgotten() != before, "{wrong}");
        println!("again, since others made the kernel forget: {wrong}");
    }
    panic!("after {TRIES} tries: {wrong}");
}

/// Ends a check that has failed.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($what)+));
        }
    };
}
