use super::Core;
use crate::sync::{AtomicU64, Ordering};

/// Verbs by name that may be on a file whose turn they do not have, because nothing tells that the name is one of its.
#[derive(Debug, Default)]
pub(super) struct Names {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A verb by name, from before it looks whether its file is dirty until it is done.
#[derive(Debug)]
pub(crate) struct Naming<'a>(&'a Names);

/// A moment at which verbs by name were counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    begun: u64,
    all_ended: bool,
}

impl Core {
    /// To be held by a verb by name, also while it looks whether the file is dirty: a file that becomes dirty meanwhile
    /// then knows that its ctime may move by our own doing.
    pub(crate) fn naming(&self) -> Naming<'_> {
        self.names.begun.fetch_add(1, Ordering::SeqCst);
        Naming(&self.names)
    }

    /// How it is before a file becomes dirty.
    pub(super) fn calm(&self) -> Calm {
        // In this order: one that ends in between counts as under way.
        let ended = self.names.ended.load(Ordering::SeqCst);
        let begun = self.names.begun.load(Ordering::SeqCst);
        Calm { begun, all_ended: begun == ended }
    }

    /// Whether no verb by name was under way since.
    pub(super) fn was_calm(&self, since: Calm) -> bool {
        since.all_ended && self.names.begun.load(Ordering::SeqCst) == since.begun
    }
}

impl Drop for Naming<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}
