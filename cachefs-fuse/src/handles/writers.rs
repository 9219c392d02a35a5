use std::time::{Duration, Instant};

use hashbrown::HashSet;
use parking_lot::{Condvar, Mutex};

use crate::inodes::NodeId;

/// Files with handles for writing, of which nobody tells when the last writer closes the file.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    files: HashSet<NodeId>,
    closed: bool,
}

impl Writers {
    /// The file has a handle for writing.
    pub(crate) fn add(&self, node: NodeId) {
        let mut state = self.state.lock();
        if state.files.insert(node) && state.files.len() == 1 {
            drop(state);
            self.changed.notify_all();
        }
    }

    /// It is not looked after any more.
    pub(crate) fn remove(&self, node: NodeId) {
        self.state.lock().files.remove(&node);
    }

    /// All of them, once there are any and this time has passed; `None` at the end.
    pub(crate) fn after(&self, period: Duration) -> Option<Vec<NodeId>> {
        let mut state = self.state.lock();
        while state.files.is_empty() && !state.closed {
            self.changed.wait(&mut state);
        }
        let until = Instant::now() + period;
        while !state.closed {
            if self.changed.wait_until(&mut state, until).timed_out() {
                return Some(state.files.iter().copied().collect());
            }
        }
        None
    }

    /// The end.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_woken_for_nothing_and_all_at_the_end() {
        let writers = Writers::default();
        std::thread::scope(|scope| {
            let looker = scope.spawn(|| {
                let first = writers.after(Duration::ZERO);
                writers.remove(NodeId(7));
                (first, writers.after(Duration::ZERO))
            });
            writers.add(NodeId(7));
            while writers.state.lock().files.contains(&NodeId(7)) {
                std::thread::yield_now();
            }
            writers.close();
            assert_eq!(looker.join().unwrap(), (Some(vec![NodeId(7)]), None));
        });
    }
}
