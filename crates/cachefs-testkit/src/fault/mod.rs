//! A filesystem that fails as told.

mod plan;
mod rule;

use std::sync::Arc;

use cachefs_vfs::Vfs;

pub use plan::{ReleaseOnDrop, RuleHandle};
pub use rule::{Fault, Rule};

use crate::wrap::{Wrapped, vfs_by_field};
use plan::Plan;

/// A filesystem in which chosen calls fail, hang, move too few bytes or take longer.
///
/// Rules are added and removed at any time. All rules see every call, in the order they were added; of several that
/// strike the same call, delays add up, hangs are waited for one after the other, the smallest limit of bytes and
/// the first error hold. Dropping it releases all calls that hang.
#[derive(Debug)]
pub struct FaultFs {
    wrapped: Wrapped<Plan>,
}

vfs_by_field!(FaultFs);

impl FaultFs {
    /// `inner`, with no rules yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Vfs>) -> Self {
        Self { wrapped: Wrapped::new(inner, Plan::default()) }
    }

    /// Adds a rule for the calls to come. It stays also when the handle is dropped.
    pub fn add(&self, rule: Rule) -> RuleHandle {
        self.wrapped.intercept().add(rule)
    }

    /// Removes all rules and lets all calls that hang go on.
    pub fn release(&self) {
        self.wrapped.intercept().release();
    }

    /// How many calls were struck by a rule, those of removed rules included.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.wrapped.intercept().fired()
    }

    /// The filesystem beneath, which no rule strikes.
    #[must_use]
    pub fn inner(&self) -> &Arc<dyn Vfs> {
        self.wrapped.inner()
    }
}

impl Drop for FaultFs {
    fn drop(&mut self) {
        self.release();
    }
}
