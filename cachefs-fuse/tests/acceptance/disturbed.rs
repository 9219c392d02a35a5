use std::fs;

/// How often something is tried again because others interfered.
const TRIES: usize = 5;

/// What the kernel forgot because somebody told it to, on the whole machine.
fn told_to_forget() -> Vec<String> {
    let counters = fs::read_to_string("/proc/vmstat").unwrap_or_default();
    counters.lines().filter(|line| line.starts_with("drop_")).map(str::to_owned).collect()
}

/// Checks what the kernel remembers, again if it was told to forget meanwhile.
///
/// # Panics
/// If it is not as it should be.
pub fn undisturbed(check: impl Fn() -> Result<(), String>) {
    for _ in 0..TRIES {
        let before = told_to_forget();
        let Err(wrong) = check() else { return };
        assert!(told_to_forget() != before, "{wrong}");
        println!("again, since somebody dropped the kernel's caches: {wrong}");
    }
    panic!("somebody drops the kernel's caches all the time");
}

/// Ends a check that has failed.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}
