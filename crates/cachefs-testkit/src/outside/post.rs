use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle, ThreadId};

use cachefs_vfs::{Error, Result};
use parking_lot::{Condvar, Mutex};

use super::change::Change;
use super::registration::Registration;
use super::side::Side;

/// Takes changes to those who are told: one thread, in order.
// Lock order: the desk, then what a registration covers. Nothing is held while a watcher is told.
#[derive(Debug, Default)]
pub(super) struct Post {
    desk: Mutex<Desk>,
    moved_on: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    told: Vec<Arc<Registration>>,
    queue: VecDeque<Letter>,
    next: u64,
    held: bool,
    /// What is being delivered now, and to whom. Not owned: nobody's end may come with the desk locked.
    under_way: Option<(u64, Weak<Registration>)>,
    courier: Option<ThreadId>,
    closed: bool,
}

#[derive(Debug)]
struct Letter {
    number: u64,
    to: Arc<Registration>,
    change: Change,
}

impl Desk {
    fn send(&mut self, to: &Arc<Registration>, change: Change) {
        self.queue.push_back(Letter { number: self.next, to: Arc::clone(to), change });
        self.next += 1;
    }

    fn is_delivered(&self, number: u64) -> bool {
        let under_way = self.under_way.as_ref().map(|(number, _)| *number);
        let next = self.queue.front().map(|letter| letter.number);
        under_way.or(next).is_none_or(|first| first >= number)
    }
}

/// Lets nobody wait for a courier that is no more, also when a watcher panicked.
struct Closes<'a>(&'a Post);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Post {
    /// Starts the thread, unless it runs already.
    pub(super) fn start(self: &Arc<Self>) -> Result<Option<JoinHandle<()>>> {
        let mut desk = self.desk.lock();
        if desk.courier.is_some() {
            return Ok(None);
        }
        let post = Arc::clone(self);
        let thread = thread::Builder::new().name("outside-watch".into()).spawn(move || post.deliver());
        let thread = thread.map_err(Error::from)?;
        desk.courier = Some(thread.thread().id());
        Ok(Some(thread))
    }

    fn deliver(&self) {
        let closes = Closes(self);
        let mut desk = self.desk.lock();
        while !desk.closed {
            let letter = if desk.held { None } else { desk.queue.pop_front() };
            let Some(letter) = letter else {
                self.moved_on.wait(&mut desk);
                continue;
            };
            desk.under_way = Some((letter.number, Arc::downgrade(&letter.to)));
            drop(desk);
            letter.change.tell(|notice| letter.to.watcher.notice(notice));
            // Before the desk is locked: it may be the last of a filesystem that has this very post.
            drop(letter);
            desk = self.desk.lock();
            desk.under_way = None;
            self.moved_on.notify_all();
        }
        drop(desk);
        drop(closes);
    }

    pub(super) fn close(&self) {
        let mut desk = self.desk.lock();
        desk.closed = true;
        desk.under_way = None;
        let left = (std::mem::take(&mut desk.queue), std::mem::take(&mut desk.told));
        self.moved_on.notify_all();
        drop(desk);
        drop(left);
    }

    pub(super) fn register(&self, registration: &Arc<Registration>) {
        self.desk.lock().told.push(Arc::clone(registration));
    }

    /// Tells this one no more; waits for the notice under way, unless called by the watcher itself.
    pub(super) fn unregister(&self, registration: &Arc<Registration>) {
        let mut desk = self.desk.lock();
        desk.told.retain(|other| !Arc::ptr_eq(other, registration));
        desk.queue.retain(|letter| !Arc::ptr_eq(&letter.to, registration));
        self.moved_on.notify_all();
        if desk.courier == Some(thread::current().id()) {
            return;
        }
        let told = Arc::as_ptr(registration);
        while desk.under_way.as_ref().is_some_and(|(_, to)| to.as_ptr() == told) {
            self.moved_on.wait(&mut desk);
        }
    }

    pub(super) fn registered(&self) -> Vec<Arc<Registration>> {
        self.desk.lock().told.clone()
    }

    /// Whether anybody wants to hear of changes by this side.
    pub(super) fn is_heard(&self, side: Side) -> bool {
        self.desk.lock().told.iter().any(|one| one.hears(side))
    }

    /// Queues what everybody hears of a change. Answers what to wait for.
    pub(super) fn send(&self, side: Side, changes: &[Change]) -> u64 {
        let mut desk = self.desk.lock();
        for change in changes {
            for one in desk.told.clone() {
                if let Some(heard) = one.hear(side, change) {
                    desk.send(&one, heard);
                }
            }
        }
        self.moved_on.notify_all();
        desk.next
    }

    /// Drops what is queued and tells of that.
    pub(super) fn overflow(&self) -> u64 {
        let mut desk = self.desk.lock();
        desk.queue.clear();
        for one in desk.told.clone().iter().filter(|one| !one.is_lost()) {
            one.count_overflow();
            desk.send(one, Change::Overflow);
        }
        self.moved_on.notify_all();
        desk.next
    }

    /// Drops what is queued and tells that nothing follows.
    pub(super) fn lose(&self, error: &Error) -> u64 {
        let mut desk = self.desk.lock();
        desk.queue.clear();
        for one in desk.told.clone().iter().filter(|one| one.lose()) {
            desk.send(one, Change::Lost(error.clone()));
        }
        self.moved_on.notify_all();
        desk.next
    }

    pub(super) fn hold(&self, held: bool) {
        self.desk.lock().held = held;
        self.moved_on.notify_all();
    }

    /// Waits until all before `number` was delivered; not while notices are held, nor for itself.
    pub(super) fn wait(&self, number: u64) {
        let mut desk = self.desk.lock();
        if desk.courier == Some(thread::current().id()) {
            return;
        }
        while !desk.held && !desk.closed && desk.courier.is_some() && !desk.is_delivered(number) {
            self.moved_on.wait(&mut desk);
        }
    }

    /// Waits until all that was queued so far was delivered.
    pub(super) fn settle(&self) {
        let next = self.desk.lock().next;
        self.wait(next);
    }
}
