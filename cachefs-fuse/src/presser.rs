use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use fuser::{INodeNo, Notifier};

use crate::dispatch::Dispatch;
use crate::inodes::Inodes;

/// How often the table is looked at.
const PERIOD: Duration = Duration::from_millis(200);
/// Names given up in one go, from one part of the table.
const BATCH: usize = 256;
/// Goes between two looks for the signal to stop.
const ROUNDS: usize = 64;

/// Asks the kernel to forget files when it knows too many. A thread of its own: a notice waits for the directory's
/// lock in the kernel, which a request we have not answered may hold. Has handles closed, too, whose time is over.
///
/// Directories are not asked for: a notice would also detach those that somebody works in.
#[derive(Debug)]
pub(crate) struct Presser {
    stop: Sender<()>,
}

impl Presser {
    pub(crate) fn start(dispatch: Arc<Dispatch>, notifier: Notifier, inodes_max: u64) -> io::Result<Self> {
        let (stop, stopped) = bounded(1);
        std::thread::Builder::new().name("cachefs-presser".to_owned()).spawn(move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                press(dispatch.tree().inodes(), &notifier, inodes_max);
                close_outdated(&dispatch);
                dispatch.tree().forget_walks(Instant::now());
            }
        })?;
        Ok(Self { stop })
    }

    pub(crate) fn stop(&self) {
        // A full channel: it was told already. A closed one: it has ended.
        let _told = self.stop.try_send(());
    }
}

fn close_outdated(dispatch: &Dispatch) {
    let outdated = dispatch.tree().spares().outdated(Instant::now());
    if !outdated.is_empty() {
        dispatch.aside(move || drop(outdated));
    }
}

fn press(inodes: &Inodes, notifier: &Notifier, inodes_max: u64) {
    for _ in 0..ROUNDS {
        let Some(excess) = inodes.len().checked_sub(inodes_max).filter(|&n| n > 0) else { return };
        let most = usize::try_from(excess).unwrap_or(BATCH).min(BATCH);
        for link in inodes.oldest(most) {
            if let Err(error) = notifier.inval_entry(INodeNo(link.parent.0), OsStr::from_bytes(&link.name)) {
                tracing::debug!(%error, "the kernel did not forget a name");
            }
        }
    }
}
