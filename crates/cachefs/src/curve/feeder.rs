use std::thread::{self, JoinHandle};

use super::tap::Shared;
use crate::sync::Arc;

/// The thread that takes references in. Dropping it waits for what it is at, which is short: it never waits for a
/// backing.
#[derive(Debug)]
pub(super) struct Feeder(Option<JoinHandle<()>>);

impl Feeder {
    /// `None` if the system refuses a thread.
    pub(super) fn start(shared: &Arc<Shared>) -> Option<Self> {
        let shared = Arc::clone(shared);
        let thread = thread::Builder::new().name("cachefs-curve".to_owned()).spawn(move || run(&shared));
        let thread = thread.inspect_err(|error| {
            tracing::warn!(%error, "no miss-ratio curve: its thread cannot be started");
        });
        Some(Self(Some(thread.ok()?)))
    }
}

fn run(shared: &Shared) {
    let mut spare = Vec::with_capacity(Shared::PENDING_MAX);
    loop {
        {
            let mut pending = shared.pending().lock();
            while pending.references.len() < Shared::PENDING_ENOUGH && !pending.closed {
                shared.filled.wait(&mut pending);
            }
            if pending.closed {
                return;
            }
        }
        shared.feed(&mut spare);
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the miss-ratio curve panicked");
        }
    }
}
