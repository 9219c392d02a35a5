/// Where the right to administrate the system stands in the kernel's mask.
const CAP_SYS_ADMIN: u32 = 21;

/// Whether this process may administrate the system, and not only a container that has users of its own.
pub(super) fn is_administrator() -> bool {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    has_capability(&read("/proc/self/status")) && is_initial(&read("/proc/self/uid_map"))
}

fn has_capability(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> CAP_SYS_ADMIN & 1 == 1
}

/// Whether users are those of the system, all of them.
fn is_initial(map: &str) -> bool {
    map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_is_that_over_the_system() {
        assert!(has_capability("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(!has_capability("CapEff:\t000001ffffdfffff\n") && !has_capability(""));
        assert!(is_initial("         0          0 4294967295\n"));
        assert!(!is_initial("         0       1000          1\n") && !is_initial(""));
    }
}
