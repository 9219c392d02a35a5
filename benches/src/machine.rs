use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// What it was measured on, and when.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor, as the kernel calls it.
    pub processor: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The compiler's name and version.
    pub compiler: String,
    /// The day, as YYYY-MM-DD in UTC.
    pub date: String,
}

impl Machine {
    /// This one, now. What can't be learnt is called unknown.
    #[must_use]
    pub fn this() -> Self {
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let version = Command::new("rustc").arg("--version").output().ok();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let unknown = || "unknown".to_owned();
        Self {
            processor: field(&cpus, "model name").map_or_else(unknown, str::to_owned),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: kib.unwrap_or(0) / 1024,
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            compiler: version.filter(|version| !version.is_empty()).unwrap_or_else(unknown),
            date: date(seconds / 86_400),
        }
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

/// The Gregorian date so many days after 1970 began: counted in years that begin in March, so that the leap day comes
/// last.
fn date(days: u64) -> String {
    const ERA: u64 = 146_097;
    let since_march_0 = days + 719_468;
    let (era, day) = (since_march_0 / ERA, since_march_0 % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) =
        (year + era * 400 + u64::from(month > 9), if month > 9 { month - 9 } else { month + 3 });
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let known = [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_454, "2026-01-01")];
        for (days, expected) in known {
            assert_eq!(date(days), expected);
        }
        assert_eq!(date(20_453), "2025-12-31");
    }

    #[test]
    fn this_machine_has_a_core() {
        assert!(Machine::this().cores > 0);
    }
}
