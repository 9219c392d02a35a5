use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use cachefs::Cancel;
use cachefs_fuse::control::{Refusal, Talk};
use serde_json::Value;

use super::slots::Slot;

/// How often the client's end is looked at.
const STEP: Duration = Duration::from_millis(200);

/// What a thread that works for a client says.
#[derive(Debug)]
enum Said {
    Far(Value),
    End(Result<Value, Refusal>),
}

/// The client's end, for the thread that works.
#[derive(Debug)]
pub(super) struct Far {
    sender: SyncSender<Said>,
    cancel: Cancel,
}

impl Far {
    /// Tells how far it is; waits for one that reads slowly. Whether to go on.
    pub(super) fn tell(&self, value: Value) -> bool {
        self.sender.send(Said::Far(value)).is_ok() && !self.is_over()
    }

    /// Tells it if nobody has to wait for that.
    pub(super) fn hint(&self, value: Value) {
        // One that is still on its way will do.
        _ = self.sender.try_send(Said::Far(value));
    }

    /// Whether nobody listens any more.
    pub(super) fn is_over(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// What is cancelled when nobody listens any more.
    pub(super) fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }
}

/// How long a client waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a word, whatever it is.
    pub(super) silence: Duration,
    /// For the end.
    pub(super) until: Option<Instant>,
}

/// Does what may wait for the source on a thread of its own, so that a source that hangs keeps nobody longer than they
/// want to wait. Who asked hears how far it is, and may hang up. `slot` is one of a few places for those who ask.
///
/// # Errors
/// Those of `work`; temporary, with `what` in it, if the source does not answer in time.
pub(super) fn ask(
    (slot, what): (Slot, &str),
    patience: Patience,
    talk: &mut Talk<'_>,
    work: impl FnOnce(&Far) -> Result<Value, Refusal> + Send + 'static,
) -> Result<Value, Refusal> {
    let (sender, said) = sync_channel(1);
    let cancel = Cancel::new();
    let far = Far { sender: sender.clone(), cancel: cancel.clone() };
    let run = move || {
        let end = work(&far);
        drop(slot);
        // Nobody listens where it came too late.
        _ = sender.send(Said::End(end));
    };
    let cannot = |error| Refusal::failed(format!("{what}: {error}"));
    std::thread::Builder::new().name("control-ask".to_owned()).spawn(run).map_err(cannot)?;
    let mut heard = Instant::now();
    loop {
        match said.recv_timeout(STEP) {
            Ok(Said::End(end)) => return end,
            Ok(Said::Far(value)) => {
                heard = Instant::now();
                talk.progress(value);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Refusal::failed(format!("{what}: it came to a sudden end, see the log")));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let late = patience.until.is_some_and(|until| Instant::now() >= until);
        if late || heard.elapsed() > patience.silence || talk.is_over() {
            cancel.cancel();
            return Err(Refusal::temporary(format!("{what}: the source does not answer")));
        }
    }
}
