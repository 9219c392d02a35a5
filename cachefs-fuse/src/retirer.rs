//! Gives back handles for writing that are not used any more, where the kernel does not tell when a file is closed: who
//! executes the file in its own directory would be refused as long as we could write to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::tree::Tree;

/// A handle that was not used for so long is given back, at twice the time at the latest.
const IDLE: Duration = Duration::from_millis(50);

/// The thread that does it; it sleeps as long as there are none.
#[derive(Debug)]
pub(crate) struct Retirer(Arc<Tree>);

impl Retirer {
    pub(crate) fn start(tree: &Arc<Tree>) -> io::Result<Self> {
        let retirer = Self(Arc::clone(tree));
        if tree.handles().writers().is_some() {
            let tree = Arc::clone(tree);
            std::thread::Builder::new().name("cachefs-retirer".to_owned()).spawn(move || run(&tree))?;
        }
        Ok(retirer)
    }

    /// Ends the thread, unless it hangs in the filesystem.
    pub(crate) fn stop(&self) {
        if let Some(writers) = self.0.handles().writers() {
            writers.close();
        }
    }
}

impl Drop for Retirer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(tree: &Tree) {
    let Some(writers) = tree.handles().writers() else { return };
    while let Some(files) = writers.after(IDLE) {
        for node in files {
            tree.retire_writer(node);
        }
    }
}
