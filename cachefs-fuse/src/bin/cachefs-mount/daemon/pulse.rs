use std::fmt;
use std::path::PathBuf;

use indicatif::HumanBytes;

/// What the main thread of a process has done so far. While that hangs in a system call, it stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pulse {
    read: u64,
    written: u64,
    /// Ticks of the processor.
    ticks: u64,
}

impl Pulse {
    /// `None` where the system does not tell.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let text = |name: &str| {
            let thread = PathBuf::from(format!("/proc/{pid}/task/{pid}"));
            std::fs::read_to_string(thread.join(name)).ok()
        };
        // Where bytes are not accounted for, the time is.
        let io = text("io").unwrap_or_default();
        Some(Self {
            read: count(&io, "rchar: "),
            written: count(&io, "wchar: "),
            ticks: ticks(&text("stat")?)?,
        })
    }
}

fn count(io: &str, name: &str) -> u64 {
    io.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap_or_default()
}

/// Its own time and the system's for it, the 14th and the 15th; behind a name that may be anything, in parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// For people, as part of a line.
impl fmt::Display for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} read, {} written so far", HumanBytes(self.read), HumanBytes(self.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_has_done_is_read() {
        assert!(Pulse::of(std::process::id()).is_some());
        assert_eq!(ticks("7 (a) b) S 1 1 1 0 -1 0 5 6 7 8 30 12 0 0"), Some(42));
        assert_eq!(count("rchar: 5\nwchar: 7\n", "wchar: "), 7);
    }
}
