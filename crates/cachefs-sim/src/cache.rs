use cachefs_policy::{
    Admission, Admit, AdmitKind, EvictionPolicy, PolicyKind, ScanDetector, Slot, scan_limit,
};

use crate::Tally;
use crate::hash::{KeyMap, mix};
use crate::trace::Request;

/// What keeps entries out of a cache, besides its policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Who comes into a full cache.
    pub admit: AdmitKind,
    /// Streams longer than this share of the cache, in percent, go past it; `None`: nothing does.
    pub scan_percent: Option<u8>,
}

/// A cache without contents: which keys it would hold under a policy.
#[derive(Debug)]
pub struct Cache {
    policy: Box<dyn EvictionPolicy>,
    admit: Admit,
    scan: Option<Scan>,
    capacity: u64,
    used: u64,
    slots: KeyMap<Slot>,
    /// By slot.
    entries: Vec<Entry>,
    free: Vec<Slot>,
    tally: Tally,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    weight: u32,
}

/// One reader of one file, as the trace does not say how many there are.
#[derive(Debug)]
struct Scan {
    detector: ScanDetector,
    file: u64,
    limit: u64,
}

impl Cache {
    /// Empty, of this capacity in the unit of the weights.
    #[must_use]
    pub fn new(kind: PolicyKind, capacity: u64) -> Self {
        Self::with_policy(kind.build(capacity), capacity)
    }

    /// The same under any policy.
    #[must_use]
    pub fn with_policy(policy: Box<dyn EvictionPolicy>, capacity: u64) -> Self {
        Self {
            policy,
            admit: Admit::None,
            scan: None,
            capacity,
            used: 0,
            slots: KeyMap::default(),
            entries: Vec::new(),
            free: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Guards it. Its capacity is about so many entries, and so many bytes.
    #[must_use]
    pub fn guarded(mut self, guard: Guard, entries: usize, bytes: u64) -> Self {
        self.admit = Admit::new(guard.admit, entries);
        self.scan = guard.scan_percent.map(|percent| Scan {
            detector: ScanDetector::new(),
            file: 0,
            limit: scan_limit(bytes, percent),
        });
        self
    }

    /// A request, of this weight in the unit of the capacity; whether it was a hit. An entry weighs what it did when
    /// it came in. One that is larger than the cache never does.
    pub fn access(&mut self, request: Request, weight: u64) -> bool {
        let streams = self.scan.as_mut().is_some_and(|scan| scan.streams(request));
        let hash = mix(request.key);
        let slot = self.slots.get(&request.key).copied();
        if let Some(slot) = slot {
            self.policy.on_hit(slot);
            self.admit.on_hit(hash);
        } else if !streams {
            self.load(request.key, hash, weight);
        }
        self.tally.count(request.size, slot.is_some());
        slot.is_some()
    }

    fn load(&mut self, key: u64, hash: u64, weight: u64) {
        let Ok(weight) = u32::try_from(weight.max(1)) else { return };
        if u64::from(weight) > self.capacity {
            return;
        }
        let victim = if self.has_room(weight) { None } else { self.policy.victim() };
        let victim = victim.map(|slot| mix(self.entries[slot.index()].key));
        if !self.admit.on_miss(hash, victim) {
            return;
        }
        let entry = Admission::new(hash, weight);
        self.policy.on_coming(entry);
        while !self.has_room(weight) {
            let Some(victim) = self.policy.victim() else { return };
            self.evict(victim);
        }
        let Some(slot) = self.place(Entry { key, weight }) else { return };
        self.used += u64::from(weight);
        self.slots.insert(key, slot);
        self.policy.on_insert(slot, entry);
    }

    fn has_room(&self, weight: u32) -> bool {
        self.used + u64::from(weight) <= self.capacity
    }

    fn evict(&mut self, slot: Slot) {
        self.policy.on_remove(slot, true);
        let Entry { key, weight } = self.entries[slot.index()];
        self.slots.remove(&key);
        self.used -= u64::from(weight);
        self.free.push(slot);
    }

    /// A slot for it; `None` where there are no more numbers.
    fn place(&mut self, entry: Entry) -> Option<Slot> {
        if let Some(slot) = self.free.pop() {
            self.entries[slot.index()] = entry;
            return Some(slot);
        }
        let slot = Slot(u32::try_from(self.entries.len()).ok()?);
        self.entries.push(entry);
        Some(slot)
    }

    /// What was asked for so far, and found.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }
}

impl Scan {
    fn streams(&mut self, request: Request) -> bool {
        let Some(place) = request.place else { return false };
        if place.file != self.file {
            self.file = place.file;
            self.detector = ScanDetector::new();
        }
        self.detector.on_read(place.offset, request.size, self.limit)
    }
}
