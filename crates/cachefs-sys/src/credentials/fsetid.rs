use std::cell::Cell;

use rustix::io::Result;
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

/// What this module knows of the thread's `CAP_FSETID`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// The process has none: nothing to raise, nothing to lower.
    Absent,
    Raised,
    Lowered,
}

thread_local! {
    static KNOWN: Cell<Known> = const { Cell::new(Known::Nothing) };
}

/// Raises or lowers this thread's `CAP_FSETID`, with which writes leave set-id bits alone. Threads that the process
/// did not give the capability stay without. It stays as set until the next call, and a call that changes nothing
/// costs no system call; whoever changes the thread's capabilities by other means must not use this.
///
/// # Errors
/// Those of `capset`; a security module may refuse.
pub fn set_fsetid(raised: bool) -> Result<()> {
    let wanted = if raised { Known::Raised } else { Known::Lowered };
    let known = KNOWN.get();
    if known == wanted || known == Known::Absent {
        return Ok(());
    }
    let mut sets = capabilities(None)?;
    if !sets.permitted.contains(CapabilitySet::FSETID) {
        KNOWN.set(Known::Absent);
        return Ok(());
    }
    if sets.effective.contains(CapabilitySet::FSETID) != raised {
        sets.effective.set(CapabilitySet::FSETID, raised);
        set_capabilities(None, sets)?;
    }
    KNOWN.set(wanted);
    Ok(())
}

/// To be called when something else has changed the thread's capabilities.
pub(super) fn forget() {
    KNOWN.set(Known::Nothing);
}

#[cfg(test)]
mod tests {
    use super::super::FsIds;
    use super::*;

    fn effective() -> bool {
        capabilities(None).unwrap().effective.contains(CapabilitySet::FSETID)
    }

    #[test]
    fn the_capability_follows_the_wish_also_after_another_user_acted() {
        if !capabilities(None).unwrap().permitted.contains(CapabilitySet::FSETID | CapabilitySet::SETUID) {
            return println!("skipped: no CAP_FSETID to lower");
        }
        set_fsetid(false).unwrap();
        assert!(!effective());
        set_fsetid(true).unwrap();
        assert!(effective());
        set_fsetid(false).unwrap();
        drop(FsIds::switch(Some(1234), None).unwrap());
        assert!(effective(), "the kernel raises it when root comes back");
        set_fsetid(false).unwrap();
        assert!(!effective());
    }

    #[test]
    fn other_threads_keep_theirs() {
        let before = effective();
        std::thread::spawn(|| set_fsetid(false).unwrap()).join().unwrap();
        assert_eq!(effective(), before);
    }
}
