use std::path::PathBuf;
use std::time::Duration;

use cachefs_vfs::clock::{Clock, Moment};

use crate::dirty::DirtyFile;
use crate::sync::{Arc, AtomicBool, Condvar, Mutex, MutexGuard, Ordering};

/// Threads at most for each that should be at work, those that hang among them.
const TIMES_MAX: usize = 4;

/// Threads that do the same work. While one does not come back from the backing another takes its place, so that a file
/// that hangs hurts nobody else; once it is back, there is one too many, and one ends.
#[derive(Debug)]
pub(crate) struct Gang {
    /// How many should be at work.
    wanted: usize,
    /// One that does not come back for so long hangs.
    limit: Duration,
    clock: Arc<dyn Clock>,
    posts: Mutex<Vec<Arc<Post>>>,
    /// There is something to look after, or it is over.
    called: Condvar,
    /// It is over.
    ended: Condvar,
}

/// What one thread is at.
#[derive(Debug, Default)]
struct Post(Mutex<Option<Job>>);

#[derive(Debug)]
struct Job {
    /// The file that it flushes, if any.
    file: Option<Arc<DirtyFile>>,
    /// Since when it is at it, or since when it was last seen to get on.
    since: Moment,
    /// That it hangs was said.
    told: bool,
}

impl Job {
    /// Since when nothing came of it.
    fn still_since(&self) -> Moment {
        let moved = self.file.as_ref().and_then(|file| file.moved());
        moved.map_or(self.since, |moved| moved.max(self.since))
    }
}

/// What stands for it in a message.
fn shown(file: Option<&Arc<DirtyFile>>) -> PathBuf {
    file.map_or_else(|| PathBuf::from("(what was flushed before)"), |file| file.told())
}

impl Gang {
    pub(crate) fn new(wanted: usize, limit: Duration, clock: Arc<dyn Clock>) -> Self {
        let (posts, called, ended) = Default::default();
        Self { wanted, limit, clock, posts, called, ended }
    }

    /// One more thread, which is counted from now on.
    pub(super) fn enlist(self: &Arc<Self>) -> Member {
        let post = Arc::default();
        self.posts.lock().push(Arc::clone(&post));
        Member { gang: Arc::clone(self), post }
    }

    /// How many threads there are.
    pub(crate) fn len(&self) -> usize {
        self.posts.lock().len()
    }

    /// Whether another is needed in the place of one that hangs, and may be had.
    pub(super) fn lacks(&self) -> bool {
        let posts = self.posts.lock();
        self.healthy(&posts) < self.wanted && posts.len() < self.wanted.saturating_mul(TIMES_MAX)
    }

    /// Whether there are more than needed, all of which come back.
    pub(super) fn is_crowded(&self) -> bool {
        self.healthy(&self.posts.lock()) > self.wanted
    }

    /// Says of each that hangs that it does, once. Takes note of how far each of the others is.
    pub(super) fn tell(&self) {
        let posts = self.posts.lock().clone();
        for post in posts {
            let hung = {
                let mut job = post.0.lock();
                job.as_mut().and_then(|job| {
                    // What follows on a long flush has not hung for as long as that took.
                    job.since = job.still_since();
                    let news = !job.told && self.hangs(job);
                    job.told |= news;
                    news.then(|| job.file.clone())
                })
            };
            if let Some(file) = hung {
                tracing::warn!(
                    file = %shown(file.as_ref()).display(), seconds = self.limit.as_secs_f32(),
                    "the source does not answer: another thread takes over until it does"
                );
            }
        }
    }

    /// Waits until there is something to look after, and then a little.
    pub(super) fn watch(&self, stop: &AtomicBool) {
        let step = (self.limit / 4).clamp(Duration::from_millis(1), Duration::from_secs(1));
        let mut posts = self.posts.lock();
        let stopped = || stop.load(Ordering::Acquire);
        while !stopped() && posts.len() <= self.wanted && posts.iter().all(|post| post.0.lock().is_none()) {
            self.called.wait(&mut posts);
        }
        if !stopped() {
            self.ended.wait_for(&mut posts, step);
        }
    }

    /// Ends [`Self::watch`], whose `stop` was set.
    pub(super) fn end(&self) {
        let _posts = self.posts.lock();
        self.called.notify_all();
        self.ended.notify_all();
    }

    fn healthy(&self, posts: &MutexGuard<'_, Vec<Arc<Post>>>) -> usize {
        posts.iter().filter(|post| !post.0.lock().as_ref().is_some_and(|job| self.hangs(job))).count()
    }

    fn hangs(&self, job: &Job) -> bool {
        self.clock.now().since(job.still_since()) >= self.limit
    }
}

/// One thread of a [`Gang`], which is out of it when this is dropped.
#[derive(Debug)]
pub(super) struct Member {
    gang: Arc<Gang>,
    post: Arc<Post>,
}

impl Member {
    /// It begins something that may hang: a file, or what follows. Until the answer is dropped.
    pub(super) fn begins(&self, file: Option<&Arc<DirtyFile>>) -> AtWork<'_> {
        let job = Job { file: file.cloned(), since: self.gang.clock.now(), told: false };
        let before = {
            let _posts = self.gang.posts.lock();
            self.gang.called.notify_one();
            self.post.0.lock().replace(job)
        };
        drop(before);
        AtWork(&self.post)
    }

    /// Whether the others are enough: it is to end, and does not count any more.
    pub(super) fn leaves(&self) -> bool {
        let mut posts = self.gang.posts.lock();
        let leaves = self.gang.healthy(&posts) > self.gang.wanted;
        if leaves {
            posts.retain(|post| !Arc::ptr_eq(post, &self.post));
        }
        leaves
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.gang.posts.lock().retain(|post| !Arc::ptr_eq(post, &self.post));
    }
}

/// See [`Member::begins`].
#[derive(Debug)]
pub(super) struct AtWork<'a>(&'a Post);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let job = self.0.0.lock().take();
        if let Some(job) = job.filter(|job| job.told) {
            tracing::info!(file = %shown(job.file.as_ref()).display(), "the source answered after all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachefs_vfs::FileId;
    use cachefs_vfs::clock::ManualClock;

    #[test]
    fn who_hangs_is_replaced_until_he_is_back() {
        let (clock, limit) = (Arc::new(ManualClock::new()), Duration::from_secs(10));
        let gang = Arc::new(Gang::new(1, limit, Arc::clone(&clock) as _));
        assert!(gang.lacks());
        let one = gang.enlist();
        assert!(!gang.lacks() && !one.leaves());
        let work = one.begins(None);
        clock.advance(limit / 2);
        assert!(!gang.lacks());
        clock.advance(limit / 2);
        assert!(gang.lacks());
        let two = gang.enlist();
        assert!(!gang.lacks() && !two.leaves() && !gang.is_crowded());
        drop(work);
        assert!(gang.is_crowded() && one.leaves() && !two.leaves() && gang.len() == 1);
    }

    #[test]
    fn there_is_a_limit_to_it() {
        let (clock, limit) = (Arc::new(ManualClock::new()), Duration::from_secs(10));
        let gang = Arc::new(Gang::new(2, limit, Arc::clone(&clock) as _));
        let all: Vec<_> = (0..8).map(|_| gang.enlist()).collect();
        let work: Vec<_> = all.iter().map(|member| member.begins(None)).collect();
        clock.advance(limit);
        assert!(!gang.lacks() && gang.len() == 8);
        drop(work);
        drop(all);
        assert!(gang.lacks() && gang.len() == 0);
    }

    #[test]
    fn who_moved_a_moment_ago_does_not_hang() {
        let (clock, limit) = (Arc::new(ManualClock::new()), Duration::from_secs(10));
        let gang = Arc::new(Gang::new(1, limit, Arc::clone(&clock) as _));
        let file = Arc::new(DirtyFile::new(FileId { device: 1, inode: 1, generation: 0 }));
        let one = gang.enlist();
        let _work = one.begins(Some(&file));
        for _ in 0..3 {
            clock.advance(limit / 2);
            file.moves(clock.now());
            gang.tell();
        }
        file.rests();
        assert!(!gang.lacks(), "what follows on the flush has just begun");
        clock.advance(limit);
        assert!(gang.lacks());
    }
}
