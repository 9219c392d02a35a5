use std::collections::VecDeque;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};

use super::counts::Counts;
use super::work::Work;
use crate::inodes::NodeId;

/// A notifier without work ends after this time if another one waits.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// What a notice to the kernel may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The lock of a directory, for names in it and its listing.
    Dir(NodeId),
    /// Reads of a file, for its bytes.
    Bytes(NodeId),
    /// Nothing: the attributes of an inode. Its bytes are passed on.
    Inode(NodeId),
}

impl Key {
    fn waits(self) -> bool {
        !matches!(self, Self::Inode(_))
    }
}

/// What the kernel is yet to be told. Each key is worked on by one thread at a time, so that whatever one of them waits
/// for delays no other.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// There is something to do.
    work: Condvar,
    /// There is room, or the whole is to be taken back.
    room: Condvar,
    most: usize,
    threads_max: usize,
    counts: Counts,
}

#[derive(Debug, Default)]
struct State {
    pending: HashMap<Key, Pending>,
    /// What waits for nothing, and goes first.
    swift: VecDeque<Key>,
    /// What may have to wait.
    ready: VecDeque<Key>,
    /// Threads at the latter.
    patient: usize,
    /// Things waiting to be told, over all keys.
    items: usize,
    threads: usize,
    idle: usize,
    /// Everything the kernel knows is to be taken back.
    sweep: bool,
    closed: bool,
}

impl State {
    fn add(&mut self, key: Key) {
        if key.waits() { self.ready.push_back(key) } else { self.swift.push_back(key) }
    }

    /// The next key, of those that may have to wait only while `most` threads are not at such already.
    fn take(&mut self, most: usize) -> Option<Key> {
        if let Some(key) = self.swift.pop_front() {
            return Some(key);
        }
        let key = if self.patient < most { self.ready.pop_front() } else { None };
        self.patient += usize::from(key.is_some());
        key
    }
}

#[derive(Debug)]
struct Pending {
    work: Work,
    /// A thread is at it.
    busy: bool,
}

/// A task to be done, to be given back by [`Outbox::done`].
#[derive(Debug)]
pub(super) struct Task {
    pub(super) key: Key,
    pub(super) work: Work,
    /// Nobody else waits for work: the taker is to start another thread first.
    pub(super) alone: bool,
}

impl Outbox {
    pub(crate) fn new(most: usize, threads_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            most: most.max(1),
            threads_max: threads_max.max(1),
            counts: Counts::new(),
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().items
    }

    /// Adds something to tell; false if there is no room for it. Never waits.
    pub(crate) fn push(&self, key: Key, work: Work) -> bool {
        let mut state = self.state.lock();
        let known = state.pending.get(&key);
        let size = known.map_or(work.len(), |pending| pending.work.growth(&work));
        if state.closed || state.items + size > self.most {
            return state.closed;
        }
        state.items += size;
        if let Some(pending) = state.pending.get_mut(&key) {
            pending.work.merge(work);
            return true;
        }
        state.pending.insert(key, Pending { work, busy: false });
        state.add(key);
        drop(state);
        self.work.notify_one();
        true
    }

    /// Whether a notice about this file is on its way to the kernel.
    pub(crate) fn is_pending(&self, node: NodeId) -> bool {
        let state = self.state.lock();
        [Key::Inode(node), Key::Bytes(node)].iter().any(|key| state.pending.contains_key(key))
    }

    /// Whether a thread is at it, which may have to wait.
    pub(crate) fn is_busy(&self, key: Key) -> bool {
        self.state.lock().pending.get(&key).is_some_and(|pending| pending.busy)
    }

    /// Everything the kernel knows is to be taken back.
    pub(crate) fn sweep(&self) {
        if !std::mem::replace(&mut self.state.lock().sweep, true) {
            self.counts.overflowed();
        }
        self.room.notify_all();
    }

    /// Counts a thread that is about to be started; false if there are enough: one more than may have to wait.
    pub(super) fn enlist(&self) -> bool {
        let mut state = self.state.lock();
        let more = !state.closed && state.threads <= self.threads_max;
        state.threads += usize::from(more);
        more
    }

    /// A thread that was counted could not be started.
    pub(super) fn discharge(&self) {
        self.state.lock().threads -= 1;
    }

    /// The next task, or `None` when the thread is to end.
    pub(super) fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                break;
            }
            if let Some(key) = state.take(self.threads_max) {
                let alone = state.idle == 0;
                if let Some(pending) = state.pending.get_mut(&key) {
                    pending.busy = true;
                    let work = std::mem::take(&mut pending.work);
                    state.items -= work.len();
                    drop(state);
                    self.room.notify_all();
                    return Some(Task { key, work, alone });
                }
                continue;
            }
            state.idle += 1;
            let timed_out = self.work.wait_for(&mut state, IDLE_MAX).timed_out();
            state.idle -= 1;
            if timed_out && state.ready.is_empty() && state.idle > 0 {
                break;
            }
        }
        state.threads -= 1;
        None
    }

    /// The work on a key is done; what came meanwhile is next.
    pub(super) fn done(&self, key: Key) {
        let mut state = self.state.lock();
        state.patient -= usize::from(key.waits());
        let Some(pending) = state.pending.get_mut(&key) else { return };
        pending.busy = false;
        if pending.work.len() == 0 {
            state.pending.remove(&key);
            return;
        }
        state.add(key);
        drop(state);
        self.work.notify_one();
    }

    /// Waits until everything is to be taken back; false when there is nothing more to do ever.
    pub(super) fn wait_for_sweep(&self) -> bool {
        let mut state = self.state.lock();
        while !state.sweep && !state.closed {
            self.room.wait(&mut state);
        }
        state.sweep = false;
        !state.closed
    }

    /// Waits until half of the room is free; false when there is nothing more to do ever.
    pub(super) fn wait_for_room(&self) -> bool {
        let mut state = self.state.lock();
        while state.items > self.most / 2 && !state.closed {
            self.room.wait(&mut state);
        }
        !state.closed
    }

    /// Nothing more is told; threads end once they are back from the kernel.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.pending);
        state.ready.clear();
        state.swift.clear();
        state.items = 0;
        drop(state);
        drop(dropped);
        self.work.notify_all();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: Key = Key::Inode(NodeId(5));

    #[test]
    fn one_key_is_worked_on_by_one_thread_and_what_comes_meanwhile_is_next() {
        let outbox = Outbox::new(10, 4);
        assert!(outbox.enlist());
        assert!(outbox.push(FILE, Work::attr()));
        assert!(outbox.push(FILE, Work::data()), "merged");
        assert_eq!(outbox.len(), 1);
        let task = outbox.next().unwrap();
        assert!(task.work.data && task.alone);
        assert!(outbox.push(FILE, Work::attr()));
        assert!(outbox.push(Key::Dir(NodeId(5)), Work::listing()));
        assert_eq!(outbox.next().unwrap().key, Key::Dir(NodeId(5)), "the file has its thread");
        outbox.done(FILE);
        let again = outbox.next().unwrap();
        assert!(again.key == FILE && !again.work.data);
        outbox.done(FILE);
        assert!(!outbox.is_pending(NodeId(5)));
    }

    #[test]
    fn it_is_bounded_by_what_it_holds() {
        let outbox = Outbox::new(3, 1);
        assert!(outbox.enlist());
        let dir = Key::Dir(NodeId(2));
        assert!(outbox.push(dir, Work::name(b"a", None)));
        assert!(outbox.push(dir, Work::name(b"b", None)));
        assert!(!outbox.push(dir, Work::name(b"c", None)), "the listing counts, too");
        assert!(!outbox.push(FILE, Work::attr()));
        let task = outbox.next().unwrap();
        assert_eq!(task.work.names.len(), 2);
        assert!(outbox.push(FILE, Work::attr()));
        outbox.close();
        assert!(outbox.next().is_none() && !outbox.wait_for_sweep());
    }
}
