//! References of one thread, on their way.

use std::cell::RefCell;
use std::sync::Weak;

use super::tap::Shared;
use crate::sync::Arc;

/// So many are handed over at once.
const LEN: usize = 128;

/// The references of this thread to blocks of one cache.
struct Buffer {
    id: u64,
    len: usize,
    references: Box<[u64; LEN]>,
    home: Weak<Shared>,
}

thread_local! {
    /// One for each cache that this thread uses and that still lives.
    static OWN: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// Notes a reference. Takes a lock once in a buffer, and allocates at the thread's first time only.
pub(super) fn note(shared: &Arc<Shared>, reference: u64) {
    // A thread that is being taken down has nothing to say any more.
    let _noted = OWN.try_with(|own| {
        let mut own = own.borrow_mut();
        let known = own.iter().position(|buffer| buffer.id == shared.id);
        let at = known.unwrap_or_else(|| {
            own.retain(|other| other.home.strong_count() > 0);
            own.push(Buffer::new(shared));
            own.len() - 1
        });
        own[at].push(shared, reference);
    });
}

/// Hands over what this thread has noted.
pub(super) fn flush(shared: &Arc<Shared>) {
    let _flushed = OWN.try_with(|own| {
        own.borrow_mut()
            .iter_mut()
            .filter(|buffer| buffer.id == shared.id)
            .for_each(|buffer| buffer.flush(shared));
    });
}

impl Buffer {
    fn new(shared: &Arc<Shared>) -> Self {
        Self { id: shared.id, len: 0, references: Box::new([0; LEN]), home: Arc::downgrade(shared) }
    }

    #[inline]
    fn push(&mut self, shared: &Arc<Shared>, reference: u64) {
        self.references[self.len] = reference;
        self.len += 1;
        if self.len == LEN {
            self.flush(shared);
        }
    }

    fn flush(&mut self, shared: &Arc<Shared>) {
        let len = std::mem::take(&mut self.len);
        shared.put(&self.references[..len]);
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(shared) = self.home.upgrade() {
            self.flush(&shared);
        }
    }
}
