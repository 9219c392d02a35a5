use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::out::Out;

/// Says so while a mount says nothing, until it is dropped.
#[derive(Debug)]
pub(crate) struct Silence(Sender<()>);

impl Silence {
    /// Of the mount that process `pid` serves: each time it says nothing for so long, once.
    pub(crate) fn of(pid: u32, after: Duration, out: &Out) -> Self {
        let (heard, listen) = channel();
        let text = format!(
            "process {pid}, which serves the mount, says nothing: it may wait for its source, or be stopped \
             (`kill -CONT {pid}` has it go on); interrupt this to wait no longer, the mount stays as it is then"
        );
        let out = out.clone();
        thread::spawn(move || {
            let mut told = false;
            loop {
                match listen.recv_timeout(after) {
                    Ok(()) => told = false,
                    Err(RecvTimeoutError::Timeout) if told => {}
                    Err(RecvTimeoutError::Timeout) => {
                        told = true;
                        out.note(&text);
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self(heard)
    }

    /// It said something.
    pub(crate) fn heard(&self) {
        // Without a listener nobody is told.
        _ = self.0.send(());
    }
}
