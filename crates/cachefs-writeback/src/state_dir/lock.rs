use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fstat, ftruncate, openat, statat};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

use super::{Drain, Holder, HolderState, StateError};
use crate::sync::Mutex;

const NAME: &str = "lock";
/// What is written in it is shorter.
const LENGTH_MAX: usize = 16 << 10;
/// Between two looks at a lock that somebody has.
const LOOK: Duration = Duration::from_millis(100);
/// Looks before it counts as held by who serves: whoever lists state directories has each lock for a moment, and who
/// has just begun has not said yet who they are.
const LOOKS: u32 = 3;

/// The lock of a state directory, had by this process until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: OwnedFd,
    holder: Mutex<Holder>,
}

impl Lock {
    /// Takes it; waits for a holder that is draining up to `wait`, and tells how far that one is.
    pub(super) fn take(
        dir: &OwnedFd,
        path: &Path,
        holder: Holder,
        wait: Duration,
        told: &mut dyn FnMut(Option<Drain>),
    ) -> Result<Self, StateError> {
        let mut left = wait;
        let mut looks = 0;
        loop {
            if let Some(file) = acquire(dir, path)? {
                let lock = Self { file, holder: Mutex::new(holder) };
                Drain::remove(dir);
                lock.introduce(path)?;
                return Ok(lock);
            }
            let held = written(dir);
            looks += 1;
            if held.as_ref().is_some_and(Holder::is_draining) && !left.is_zero() {
                told(Drain::read(dir, path));
            } else if looks >= LOOKS {
                return Err(StateError::Held { path: path.to_path_buf(), holder: held });
            }
            thread::sleep(LOOK);
            left = left.saturating_sub(LOOK);
        }
    }

    /// Says who has it, if there is room for that: what keeps others out is the lock.
    fn introduce(&self, path: &Path) -> Result<(), StateError> {
        match self.write(path) {
            Err(StateError::Io(error))
                if [Errno::NOSPC, Errno::DQUOT].map(Into::into).contains(&error.errno()) =>
            {
                tracing::warn!(%error, "no room to say who has the state directory");
                Ok(())
            }
            written => written,
        }
    }

    /// From one state to a later one.
    pub(super) fn set_state(&self, path: &Path, state: HolderState) -> Result<(), StateError> {
        let mut holder = self.holder.lock();
        if holder.state >= state {
            return Ok(());
        }
        holder.state = state;
        drop(holder);
        self.write(path)
    }

    /// Writes down who has it: in place, since the lock is on this very file.
    fn write(&self, path: &Path) -> Result<(), StateError> {
        let holder = self.holder.lock();
        let text = serde_json::to_vec(&*holder)
            .map_err(|error| StateError::damaged(path, format!("cannot hold its holder ({error})")))?;
        let written = pwrite_all(&self.file, &text).and_then(|()| ftruncate(&self.file, text.len() as u64));
        written.map_err(StateError::io("writing", &path.join(NAME)))
    }
}

impl Drop for Lock {
    /// So that nobody takes the next holder for this one. The lock goes with the file.
    fn drop(&mut self) {
        if let Err(error) = ftruncate(&self.file, 0) {
            tracing::warn!(%error, "the lock of the state directory still names this process");
        }
    }
}

/// Who has the lock of `dir`, if anybody: `Some(None)` for one who does not say.
pub(super) fn held(dir: &OwnedFd, path: &Path) -> Result<Option<Option<Holder>>, StateError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = match openat(dir, NAME, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(StateError::io("opening", &path.join(NAME)))?,
    };
    match retry_on_intr(|| flock(&file, FlockOperation::NonBlockingLockShared)) {
        Ok(()) => Ok(None),
        Err(Errno::WOULDBLOCK) => Ok(Some(written(dir))),
        Err(error) => Err(StateError::io("locking", &path.join(NAME))(error)),
    }
}

/// `None` if somebody else has it.
fn acquire(dir: &OwnedFd, path: &Path) -> Result<Option<OwnedFd>, StateError> {
    let name = path.join(NAME);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = openat(dir, NAME, flags, Mode::RUSR | Mode::WUSR).map_err(StateError::io("opening", &name))?;
    match retry_on_intr(|| flock(&file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(StateError::io("locking", &name)(error)),
    }
    // A lock on a file that has lost its name keeps nobody out.
    let ours = fstat(&file).map_err(StateError::io("looking at", &name))?;
    match statat(dir, NAME, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) if (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino) => Ok(Some(file)),
        Ok(_) | Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(StateError::io("looking at", &name)(error)),
    }
}

/// What the holder has written. `None` if that is nothing, or not all of it yet.
fn written(dir: &OwnedFd) -> Option<Holder> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = openat(dir, NAME, flags, Mode::empty()).ok()?;
    let mut text = vec![0; LENGTH_MAX];
    let length = retry_on_intr(|| pread(&file, &mut text, 0)).ok()?;
    // The end of a longer one may still follow.
    let mut values = serde_json::Deserializer::from_slice(text.get(..length)?).into_iter();
    values.next()?.ok()
}

fn pwrite_all(file: &OwnedFd, text: &[u8]) -> Result<(), Errno> {
    let mut done = 0;
    while done < text.len() {
        match retry_on_intr(|| pwrite(file, &text[done..], done as u64))? {
            0 => return Err(Errno::IO),
            length => done += length,
        }
    }
    Ok(())
}
