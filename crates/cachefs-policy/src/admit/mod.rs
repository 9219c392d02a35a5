mod kind;
mod window;

pub use kind::{AdmitKind, UnknownAdmission};
pub use window::CuckooWindow;

use crate::doorkeeper::Doorkeeper;
use crate::sketch::Sketch;

/// Whether an entry that is loaded may come into a full cache at all: apart from which one would have to go.
///
/// The cache tells every access, and asks when it would have to evict. All memory is taken at the start, for a number
/// of entries; each call takes amortised constant time.
#[derive(Debug)]
pub enum Admit {
    /// Everything comes in.
    None,
    /// What was touched before, lately: see [`Doorkeeper`].
    Doorkeeper(Doorkeeper),
    /// What was used more often lately than who would go: see [`Sketch`].
    TinyLfu(Sketch),
    /// What was touched before, within exactly the latest first touches: see [`CuckooWindow`].
    Cuckoo(CuckooWindow),
}

impl Admit {
    /// For a cache of so many entries.
    #[must_use]
    pub fn new(kind: AdmitKind, entries: usize) -> Self {
        match kind {
            AdmitKind::None => Self::None,
            AdmitKind::Doorkeeper => Self::Doorkeeper(Doorkeeper::new(entries)),
            AdmitKind::TinyLfu => {
                let mut sketch = Sketch::new();
                sketch.reserve(entries);
                Self::TinyLfu(sketch)
            }
            AdmitKind::Cuckoo => Self::Cuckoo(CuckooWindow::new(entries)),
        }
    }

    /// A key was hit.
    pub fn on_hit(&mut self, key_hash: u64) {
        if let Self::TinyLfu(sketch) = self {
            sketch.add(key_hash);
        }
    }

    /// A key was missed and is loaded: may it come in? `victim` is the key that would have to go, `None` if there is
    /// room: then everything may, but is noted all the same. To be asked once per miss.
    pub fn on_miss(&mut self, key_hash: u64, victim: Option<u64>) -> bool {
        let worthy = match self {
            Self::None => true,
            Self::Doorkeeper(door) => door.touch(key_hash),
            Self::TinyLfu(sketch) => {
                sketch.add(key_hash);
                victim.is_none_or(|victim| sketch.count(key_hash) > sketch.count(victim))
            }
            Self::Cuckoo(window) => window.touch(key_hash),
        };
        worthy || victim.is_none()
    }
}

#[cfg(test)]
mod tests;
