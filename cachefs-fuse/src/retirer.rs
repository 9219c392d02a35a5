//! Gives back handles for writing that are not used any more, where the kernel does not tell when a file is closed: who
//! executes the file in its own directory would be refused as long as we could write to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::dispatch::Dispatch;

/// A handle that was not used for so long is given back, at twice the time at the latest.
const IDLE: Duration = Duration::from_millis(50);

/// The thread that sees to it; it sleeps as long as there are none.
#[derive(Debug)]
pub(crate) struct Retirer(Arc<Dispatch>);

impl Retirer {
    pub(crate) fn start(dispatch: &Arc<Dispatch>) -> io::Result<Self> {
        let retirer = Self(Arc::clone(dispatch));
        if dispatch.tree().handles().writers().is_some() {
            let dispatch = Arc::clone(dispatch);
            std::thread::Builder::new().name("cachefs-retirer".to_owned()).spawn(move || run(&dispatch))?;
        }
        Ok(retirer)
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        if let Some(writers) = self.0.tree().handles().writers() {
            writers.close();
        }
    }
}

impl Drop for Retirer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(dispatch: &Dispatch) {
    let Some(writers) = dispatch.tree().handles().writers() else { return };
    while let Some(files) = writers.after(IDLE) {
        let tree = Arc::clone(dispatch.tree());
        // One that hangs keeps a thread of the pool; the rest of its turn is there again in the next.
        dispatch.aside(move || files.into_iter().for_each(|node| tree.retire_writer(node)));
    }
}
