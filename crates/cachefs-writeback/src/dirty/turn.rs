use std::time::Duration;

use crate::sync::{Condvar, Mutex};

/// How often somebody who may leave is asked whether he does.
const ASK: Duration = Duration::from_millis(20);

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
    /// Tickets of those who left, between these two.
    left: Vec<u64>,
}

impl Line {
    fn ticket(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn leave(&mut self, ticket: u64) {
        self.left.push(ticket);
        while self.next > self.serving && self.forget(self.next - 1) {
            self.next -= 1;
        }
    }

    fn serve_next(&mut self) {
        self.serving += 1;
        while self.forget(self.serving) {
            self.serving += 1;
        }
    }

    fn forget(&mut self, ticket: u64) -> bool {
        let at = self.left.iter().position(|&left| left == ticket);
        at.is_some_and(|at| self.left.swap_remove(at) == ticket)
    }
}

impl TurnLock {
    pub(super) fn acquire(&self) {
        let mut line = self.line.lock();
        let ticket = line.ticket();
        while line.serving != ticket {
            self.moved_up.wait(&mut line);
        }
    }

    /// Waits until `leaves` says not to. Whether it is the caller's.
    pub(super) fn acquire_unless(&self, leaves: &dyn Fn() -> bool) -> bool {
        let mut line = self.line.lock();
        let ticket = line.ticket();
        while line.serving != ticket {
            if leaves() {
                line.leave(ticket);
                return false;
            }
            self.moved_up.wait_for(&mut line, ASK);
        }
        true
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
        self.line.lock().serve_next();
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

    #[test]
    fn who_leaves_is_not_waited_for() {
        let turn = Arc::new(TurnLock::default());
        turn.acquire();
        assert!(!turn.acquire_unless(&|| true));
        let leaving = turn.line.lock().ticket();
        let staying = Arc::clone(&turn);
        let staying = std::thread::spawn(move || staying.acquire());
        while turn.line.lock().next < 3 {
            std::thread::yield_now();
        }
        turn.line.lock().leave(leaving);
        turn.release();
        staying.join().unwrap();
        assert!(!turn.try_acquire());
        turn.release();
        assert!(turn.acquire_unless(&|| true) && turn.line.lock().left.is_empty());
    }
}
