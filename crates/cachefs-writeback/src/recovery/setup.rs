use cachefs_vfs::clock::Clock;

use crate::Config;
use crate::sync::Arc;

/// What a write-back is opened with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Limits and promises.
    pub config: Config,
    /// What identifies the source. A journal of another one is refused.
    pub source: [u8; 32],
    /// The run of the system, [`boot_id`]: under another one than the journal's, what was not durable may be gone.
    pub boot: [u8; 16],
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// What tells this run of the system from all others; zeros where it does not say.
#[must_use]
pub fn boot_id() -> [u8; 16] {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    parse(&text).unwrap_or_default()
}

fn parse(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
    Some(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_id_is_sixteen_bytes() {
        let id = parse("01020304-0506-0708-090a-0b0c0d0e0f10\n");
        assert_eq!(id, Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]));
        assert_eq!(parse("none"), None);
    }
}
