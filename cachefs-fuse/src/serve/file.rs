use std::sync::Arc;

use fuser::BackingId;

use super::{Handle, Passage};

/// A file that the kernel has open.
#[derive(Debug)]
pub(super) struct OpenFile {
    /// By which all its open files pass through; `None`: none of them does.
    passage: Option<Passage>,
    opens: u32,
    writers: u32,
}

/// Who serves the bytes of an open file.
#[derive(Debug)]
pub(crate) enum Way {
    /// The kernel, by itself.
    Through(Passage),
    /// We do, with the kernel's cache.
    Ours,
}

impl OpenFile {
    pub(super) fn new(registered: Option<BackingId>) -> Self {
        Self { passage: registered.map(Arc::new), opens: 0, writers: 0 }
    }

    pub(super) fn opened(&mut self, writes: bool) -> Way {
        self.opens += 1;
        match &self.passage {
            Some(passage) => {
                self.writers += u32::from(writes);
                Way::Through(Arc::clone(passage))
            }
            None => Way::Ours,
        }
    }

    /// Whether that was the last one.
    pub(super) fn closed(&mut self, handle: Handle) -> bool {
        self.opens = self.opens.saturating_sub(1);
        self.writers = self.writers.saturating_sub(u32::from(handle == Handle::Writing));
        self.opens == 0
    }

    pub(super) fn is_written(&self) -> bool {
        self.writers > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_pass_through_does_not_until_it_is_closed() {
        let mut file = OpenFile::new(None);
        assert!(matches!(file.opened(true), Way::Ours) && matches!(file.opened(false), Way::Ours));
        assert!(!file.is_written(), "what we write we know of");
        assert!(!file.closed(Handle::Ours));
        assert!(file.closed(Handle::Ours));
    }
}
