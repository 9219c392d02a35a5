use std::collections::HashMap;
use std::ffi::OsString;

use cachefs_vfs::{FileId, Name};

use crate::sync::{Condvar, Mutex};

/// A power of two.
const SHARDS: usize = 16;

/// A name in a directory.
type Spot = (FileId, OsString);

/// Names in use: who opens by a name shares it, who gives it to another file has it alone. So what is known of a name is
/// not older than what the backing has of it. Held while the backing works; taken before the turn of any file. One
/// that hangs is in the way of those only who want the same name.
#[derive(Debug, Default)]
pub(super) struct NameLocks {
    shards: [Shard; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    used: Mutex<HashMap<Spot, Use>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Use {
    shared: usize,
    alone: bool,
    /// Those that wait to have it alone: nobody new shares it then.
    waiting: usize,
}

/// A name in use, until it is dropped.
#[derive(Debug)]
pub(super) struct NameHeld<'a> {
    shard: &'a Shard,
    spot: Spot,
    alone: bool,
}

impl NameLocks {
    /// Waits until nobody gives the name to another file.
    pub(super) fn share(&self, dir: FileId, name: Name<'_>) -> NameHeld<'_> {
        let (shard, spot) = (self.shard(dir), spot(dir, name));
        let mut used = shard.used.lock();
        loop {
            let this = used.entry(spot.clone()).or_default();
            if !this.alone && this.waiting == 0 {
                this.shared += 1;
                return NameHeld { shard, spot, alone: false };
            }
            shard.freed.wait(&mut used);
        }
    }

    /// Waits until nobody uses the name.
    pub(super) fn take(&self, dir: FileId, name: Name<'_>) -> NameHeld<'_> {
        self.take_spot(spot(dir, name))
    }

    /// Two names, in an order that all keep to; one if they are the same.
    pub(super) fn take_two(
        &self,
        one: (FileId, Name<'_>),
        other: (FileId, Name<'_>),
    ) -> (NameHeld<'_>, Option<NameHeld<'_>>) {
        let (one, other) = (spot(one.0, one.1), spot(other.0, other.1));
        if one == other {
            return (self.take_spot(one), None);
        }
        let (first, second) = if one < other { (one, other) } else { (other, one) };
        let first = self.take_spot(first);
        (first, Some(self.take_spot(second)))
    }

    fn take_spot(&self, spot: Spot) -> NameHeld<'_> {
        let shard = self.shard(spot.0);
        let mut used = shard.used.lock();
        used.entry(spot.clone()).or_default().waiting += 1;
        loop {
            let this = used.entry(spot.clone()).or_default();
            if !this.alone && this.shared == 0 {
                this.waiting -= 1;
                this.alone = true;
                return NameHeld { shard, spot, alone: true };
            }
            shard.freed.wait(&mut used);
        }
    }

    fn shard(&self, dir: FileId) -> &Shard {
        &self.shards[usize::try_from(dir.inode % SHARDS as u64).unwrap_or(0)]
    }
}

fn spot(dir: FileId, name: Name<'_>) -> Spot {
    (dir, name.as_os_str().to_os_string())
}

impl Drop for NameHeld<'_> {
    fn drop(&mut self) {
        let mut used = self.shard.used.lock();
        if let Some(this) = used.get_mut(&self.spot) {
            if self.alone {
                this.alone = false;
            } else {
                this.shared -= 1;
            }
            if this.shared == 0 && this.waiting == 0 {
                used.remove(&self.spot);
            }
        }
        drop(used);
        self.shard.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const DIR: FileId = FileId { device: 1, inode: 1, generation: 0 };

    #[test]
    fn who_has_a_name_alone_waits_for_all_who_share_it() {
        let locks = NameLocks::default();
        let name = |name: &'static str| Name::new(name).expect("a name");
        let (one, two) = (locks.share(DIR, name("a")), locks.share(DIR, name("a")));
        drop(locks.take(DIR, name("b")));
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (_a, _b) = locks.take_two((DIR, name("b")), (DIR, name("a")));
                tell.send(()).expect("somebody listens");
            });
            while locks.shard(DIR).used.lock().get(&(DIR, "a".into())).is_none_or(|this| this.waiting == 0) {
                thread::yield_now();
            }
            drop(one);
            assert!(told.try_recv().is_err(), "one still shares it");
            drop(two);
            assert!(told.recv().is_ok());
        });
        assert!(locks.take_two((DIR, name("a")), (DIR, name("a"))).1.is_none());
        assert!(locks.shard(DIR).used.lock().is_empty());
    }
}
