use std::fmt;
use std::ops::{Deref, DerefMut};

use super::SizeClass;
use super::pool::Lease;
use crate::sync::Arc;

/// Bytes that nobody else sees yet. What is in them at first is unspecified, possibly bytes of another file: fill them
/// before [`Self::freeze`].
pub(crate) struct FrameMut {
    lease: Lease,
    len: usize,
}

impl FrameMut {
    pub(super) fn new(lease: Lease, len: usize) -> Self {
        debug_assert!(len <= lease.class().bytes());
        Self { lease, len }
    }

    /// Makes the bytes readable for all and changeable for none.
    pub(crate) fn freeze(self) -> Frame {
        Frame(Arc::new(self))
    }
}

impl Deref for FrameMut {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.lease.bytes()[..self.len]
    }
}

impl DerefMut for FrameMut {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.lease.bytes_mut()[..self.len]
    }
}

impl fmt::Debug for FrameMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameMut({} of {} bytes)", self.len, self.lease.class().bytes())
    }
}

/// Bytes that never change. A clone pins them: the memory goes back to its pool when the last clone is dropped, so
/// whoever reads a frame reads the same bytes to the end, evicted or not.
#[derive(Clone)]
pub(crate) struct Frame(Arc<FrameMut>);

impl Frame {
    /// What it takes of the pool's limit, in bytes.
    pub(crate) fn class(&self) -> SizeClass {
        self.0.lease.class()
    }

    /// Whether somebody else holds a clone. Certain only while nobody can make one of ours.
    pub(crate) fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} of {} bytes)", self.len(), self.class().bytes())
    }
}
