use crate::sync::{Condvar, Mutex};

/// The turn of a file: whoever has it may change the file at the backing. Handed on in the order of asking. Not a
/// mutex, because it is held over backing calls and passed around without a borrow.
#[derive(Debug, Default)]
pub(super) struct TurnLock {
    line: Mutex<Line>,
    moved_up: Condvar,
}

/// Those who ask take a ticket; `serving` is the one whose turn it is.
#[derive(Debug, Default)]
struct Line {
    next: u64,
    serving: u64,
}

impl TurnLock {
    pub(super) fn acquire(&self) {
        let mut line = self.line.lock();
        let ticket = line.next;
        line.next += 1;
        while line.serving != ticket {
            self.moved_up.wait(&mut line);
        }
    }

    /// Whether it was free, and now is the caller's.
    pub(super) fn try_acquire(&self) -> bool {
        let mut line = self.line.lock();
        let free = line.next == line.serving;
        if free {
            line.next += 1;
        }
        free
    }

    pub(super) fn release(&self) {
        self.line.lock().serving += 1;
        self.moved_up.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Arc;

    #[test]
    fn one_at_a_time_in_the_order_of_asking() {
        let turn = Arc::new(TurnLock::default());
        turn.acquire();
        assert!(!turn.try_acquire());
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..4)
            .map(|index| {
                let (turn_, order) = (Arc::clone(&turn), Arc::clone(&order));
                let thread = std::thread::spawn(move || {
                    turn_.acquire();
                    order.lock().push(index);
                    turn_.release();
                });
                while turn.line.lock().next < index + 2 {
                    std::thread::yield_now();
                }
                thread
            })
            .collect();
        turn.release();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*order.lock(), [0, 1, 2, 3]);
        assert!(turn.try_acquire());
    }
}
