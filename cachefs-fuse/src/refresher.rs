use std::io;
use std::sync::Arc;

use crossbeam_channel::{Sender, bounded, select};
use fuser::{INodeNo, Notifier};

use crate::tree::Tree;

/// Makes the kernel drop pages of versions that are no more, for those who hold a file open. A thread of its own: a
/// notice waits for reads of the file that we have not answered.
#[derive(Debug)]
pub(crate) struct Refresher {
    stop: Sender<()>,
}

impl Refresher {
    pub(crate) fn start(tree: &Arc<Tree>, notifier: Notifier) -> io::Result<Self> {
        let (stop, stopped) = bounded(1);
        let outdated = tree.outdated().nodes().clone();
        std::thread::Builder::new().name("cachefs-refresher".to_owned()).spawn(move || {
            loop {
                select! {
                    recv(stopped) -> _ => break,
                    recv(outdated) -> node => {
                        let Ok(node) = node else { break };
                        if let Err(error) = notifier.inval_inode(INodeNo(node.0), 0, 0) {
                            tracing::debug!(node = node.0, %error, "the kernel did not drop its pages");
                        }
                    }
                }
            }
        })?;
        Ok(Self { stop })
    }

    pub(crate) fn stop(&self) {
        // A full channel: it was told already. A closed one: it has ended.
        let _told = self.stop.try_send(());
    }
}
