use std::sync::Weak;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::writers::LIST_MAX;
use crate::engine::Engine;
use crate::sync::Arc;
use crate::workers::Workers;

/// Files looked at at once.
const LOOKERS: usize = 4;

/// Has re-checked what others may be writing to, now and then, by a few threads: a backing that hangs on one file must
/// not keep us from looking at the others. Dropping it ends the thread, which may be
/// waiting for the backing: for a limited time, then it is left behind.
#[derive(Debug)]
pub(crate) struct Ticker {
    /// `None` only while being dropped.
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Ticker {
    /// How long dropping waits: a little longer than for the workers.
    const GRACE: Duration = Duration::from_secs(6);

    /// # Errors
    /// If the system refuses a thread.
    pub(crate) fn start(engine: &Arc<Engine>, period: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(0);
        let (alive, ended) = bounded::<()>(0);
        let workers = Workers::new(LOOKERS, LIST_MAX, &engine.stats)?;
        let engine = Arc::downgrade(engine);
        thread::Builder::new().name("cachefs-recheck".to_owned()).spawn(move || {
            run(&engine, &workers, &stopped, period);
            drop(workers);
            drop(alive);
        })?;
        Ok(Self { stop: Some(stop), ended })
    }
}

fn run(engine: &Weak<Engine>, workers: &Workers, stopped: &Receiver<()>, period: Duration) {
    while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
        let Some(engine) = engine.upgrade() else { return };
        engine.recheck_by(workers);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop = None;
        if self.ended.recv_timeout(Self::GRACE) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("looking for writers did not end in time and is left behind");
        }
    }
}
