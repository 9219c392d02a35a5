use std::num::NonZeroUsize;

/// What the machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Its memory, in bytes.
    pub(crate) memory_bytes: u64,
    /// How many descriptors a process may have.
    pub(crate) descriptors_max: u64,
}

/// Descriptors for everything but the source's files and directories.
const DESCRIPTORS_SPARE: u64 = 128;
/// Each keeps an inode of the source in the kernel's memory: about a kilobyte.
const HANDLES_USUAL: usize = 8192;

impl Machine {
    /// How many of the source's files and directories are kept open: files as long as programs may have them open, of
    /// which the kernel does not tell.
    pub(super) fn handles_max(self, asked: Option<NonZeroUsize>) -> Result<NonZeroUsize, String> {
        let most = self.descriptors_max.saturating_sub(DESCRIPTORS_SPARE) / 2;
        let usual = usize::try_from(most).unwrap_or(usize::MAX).min(HANDLES_USUAL);
        let handles_max = asked.or(NonZeroUsize::new(usual)).unwrap_or(NonZeroUsize::MIN);
        if handles_max.get() as u64 > most {
            return Err(format!(
                "--handles-max: {handles_max} is more than this process may open: give at most {most}, or raise ulimit -n"
            ));
        }
        Ok(handles_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_kept_open_leave_descriptors_for_the_rest() {
        let handles = |descriptors_max| {
            let machine = Machine { memory_bytes: 1 << 30, descriptors_max };
            machine.handles_max(None).unwrap().get()
        };
        assert_eq!([handles(1024), handles(20_000), handles(u64::MAX)], [448, HANDLES_USUAL, HANDLES_USUAL]);
    }
}
