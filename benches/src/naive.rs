use std::num::NonZeroUsize;
use std::sync::Arc;

use cachefs_vfs::{Access, Errno, Error, Name, OpenHow, Result, VDir, Vfs};
use lru::LruCache;
use parking_lot::Mutex;

use crate::{Contender, Room, plain};

/// The cache one writes in an afternoon: whole files in a `Mutex<lru::LruCache>`, by name. It asks the backing for
/// nothing it has, for ever.
#[derive(Debug)]
pub struct Naive {
    root: Arc<dyn VDir>,
    files: Mutex<Files>,
}

/// Contents by name.
type Files = LruCache<Box<[u8]>, Arc<[u8]>>;

impl Naive {
    /// Keeps files of `backing`, as many as there is room for.
    ///
    /// # Errors
    /// If its root can't be opened.
    pub fn new(backing: &dyn Vfs, room: Room) -> Result<Self> {
        let files = match room {
            Room::Plenty => LruCache::unbounded(),
            Room::Files { count, .. } => LruCache::new(NonZeroUsize::MIN.saturating_add(count.max(1) - 1)),
        };
        Ok(Self { root: backing.root()?, files: Mutex::new(files) })
    }

    fn known(&self, name: Name<'_>) -> Option<Arc<[u8]>> {
        self.files.lock().get(name.as_bytes()).cloned()
    }

    fn whole(&self, name: Name<'_>) -> Result<Arc<[u8]>> {
        if let Some(bytes) = self.known(name) {
            return Ok(bytes);
        }
        let opened = self.root.open(name, OpenHow::new(Access::Read))?;
        let mut bytes = vec![0; usize::try_from(opened.attr.size).unwrap_or(usize::MAX)];
        let count = opened.handle.read_at(&mut bytes, 0)?;
        bytes.truncate(count);
        let bytes: Arc<[u8]> = bytes.into();
        self.files.lock().put(name.as_bytes().into(), Arc::clone(&bytes));
        Ok(bytes)
    }
}

/// As a read at this place of a file of these bytes would.
fn copy(bytes: &[u8], at: usize, buffer: &mut [u8]) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let count = rest.len().min(buffer.len());
    buffer[..count].copy_from_slice(&rest[..count]);
    count
}

impl Contender for Naive {
    fn read(&self, name: Name<'_>, buffer: &mut [u8]) -> Result<usize> {
        Ok(copy(&self.whole(name)?, 0, buffer))
    }

    fn read_steps(&self, name: Name<'_>, step: usize, buffer: &mut [u8]) -> Result<usize> {
        let bytes = self.whole(name)?;
        Ok(buffer.chunks_mut(step).fold(0, |at, part| at + copy(&bytes, at, part)))
    }

    fn read_places(&self, name: Name<'_>, places: &[u64], buffer: &mut [u8]) -> Result<()> {
        let bytes = self.whole(name)?;
        for &at in places {
            copy(&bytes, usize::try_from(at).map_err(|_| Error::new(Errno::INVAL))?, buffer);
        }
        Ok(())
    }

    fn write(&self, name: Name<'_>, bytes: &[u8]) -> Result<()> {
        plain::write(&*self.root, name, bytes)?;
        let mut files = self.files.lock();
        match files.peek(name.as_bytes()).map(|known| known.len()) {
            Some(length) if length <= bytes.len() => drop(files.put(name.as_bytes().into(), bytes.into())),
            Some(_) => drop(files.pop(name.as_bytes())),
            None => {}
        }
        Ok(())
    }

    fn size(&self, name: Name<'_>) -> Result<u64> {
        self.known(name).map_or_else(|| Ok(self.root.stat(name)?.size), |bytes| Ok(bytes.len() as u64))
    }

    fn invalidate(&self, names: &[String]) -> Result<()> {
        let mut files = self.files.lock();
        names.iter().for_each(|name| drop(files.pop(name.as_bytes())));
        Ok(())
    }

    fn clear(&self, _: &[String]) -> Result<()> {
        self.files.lock().clear();
        Ok(())
    }

    fn warm(&self, names: &[String], size: usize) -> Result<()> {
        plain::warm(self, names, size)
    }
}
