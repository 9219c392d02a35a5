//! Caches as stores of blocks: look one up and copy it out, from one thread and from two.

use std::fmt::Debug;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use cachefs::CacheFs;
use cachefs_vfs::{Access, Errno, Error, MemFs, OpenHow, Result, VFile, VfsExt};
use lru::LruCache;
use parking_lot::Mutex;

use crate::cached::TTL;
use crate::round::{Counted, Round};
use crate::{Meter, Scale, Zipf, content};

/// Bytes of a block.
pub const BLOCK: usize = 4 << 10;
/// What blocks are compared in: resident, chosen by a skew.
pub const SKEWS: [(&str, f64); 2] = [("resident, zipf 0.9", 0.9), ("resident, zipf 1.1", 1.1)];
/// Look-ups of a thread until all threads meet.
const LOOK_UPS: usize = 20_000;
/// Look-ups of one thread in a turn that only counts.
const COUNTED: usize = 1000;

/// A key as a cache of file blocks has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which file.
    pub file: u64,
    /// Which block of it.
    pub index: u64,
}

impl Key {
    /// The only block of file `number`.
    #[must_use]
    pub const fn of(number: usize) -> Self {
        Self { file: number as u64, index: 0 }
    }
}

/// A cache that holds blocks 0 to `count`, all of them.
pub trait Blocks: Debug + Send + Sync {
    /// Copies a block into `buffer`; answers whether it was there.
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool;
}

/// What makes a store of so many blocks.
pub type Build = fn(usize) -> Result<Box<dyn Blocks>>;

/// Those that need no crate besides what is here.
pub const OURS: [(&str, Build); 2] = [
    ("cachefs", |count| Ok(Box::new(Files::new(count)?))),
    ("Mutex<lru>", |count| Ok(Box::new(Locked::new(count)))),
];

/// [`CacheFs`] with a file for each block, all of them open.
#[derive(Debug)]
struct Files {
    open: Vec<Arc<dyn VFile>>,
    _fs: CacheFs,
}

impl Files {
    fn new(count: usize) -> Result<Self> {
        let memory = MemFs::new();
        let names: Vec<String> = (0..count).map(|number| format!("{number:06}")).collect();
        for (number, name) in names.iter().enumerate() {
            memory.write(name, &content(number, BLOCK))?;
        }
        let builder = CacheFs::builder(Arc::new(memory)).ttl(TTL).readahead(0);
        let fs = builder.memory(2 * count * BLOCK).metadata_entries(4 * count.max(16)).build();
        let fs = fs.map_err(|e| Error::from(std::io::Error::other(e)))?;
        let open = names.iter().map(|name| VfsExt::open(&fs, name, OpenHow::new(Access::Read)));
        Ok(Self { open: open.collect::<Result<_>>()?, _fs: fs })
    }
}

impl Blocks for Files {
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool {
        self.open[number].read_at(buffer, 0).is_ok_and(|count| count == buffer.len())
    }
}

/// A list in order of use behind one lock.
#[derive(Debug)]
struct Locked(Mutex<LruCache<Key, Arc<[u8]>>>);

impl Locked {
    fn new(count: usize) -> Self {
        let mut cache = LruCache::new(NonZeroUsize::MIN.saturating_add(count));
        (0..count).for_each(|number| drop(cache.put(Key::of(number), content(number, BLOCK).into())));
        Self(Mutex::new(cache))
    }
}

impl Blocks for Locked {
    fn get(&self, number: usize, buffer: &mut [u8]) -> bool {
        let found = self.0.lock().get(&Key::of(number)).cloned();
        found.inspect(|bytes| buffer.copy_from_slice(bytes)).is_some()
    }
}

/// Measures them in turn; every store is full of the same blocks first.
///
/// # Errors
/// If a store can't be built or has lost a block.
pub fn run(round: &mut Round, builds: &[(&str, Build)], scale: &Scale) -> Result<()> {
    let count = scale.resident / BLOCK;
    let stores = builds.iter().map(|(name, build)| Ok((*name, build(count)?)));
    let stores: Vec<(&str, Box<dyn Blocks>)> = stores.collect::<Result<_>>()?;
    for (_, store) in &stores {
        look_up(&**store, &(0..count).collect::<Vec<_>>())?;
    }
    for (group, skew) in SKEWS {
        let zipf = Zipf::new(count, skew);
        for threads in [1, 2] {
            let choices: Vec<Vec<usize>> =
                (0..threads).map(|seed| zipf.choices(LOOK_UPS, seed + 10)).collect();
            let mut slices = vec![Vec::new(); stores.len()];
            for _ in 0..scale.slices {
                for ((_, store), slices) in stores.iter().zip(&mut slices) {
                    let mut meter = Meter::timing(scale.slice);
                    turn(&**store, &choices, &mut meter)?;
                    slices.push(meter.took);
                }
            }
            for ((name, store), slices) in stores.iter().zip(&slices) {
                let mut meter = Meter::counting(None);
                meter.take(COUNTED, || look_up(&**store, &choices[0][..COUNTED]))?;
                let case = if threads == 1 { "1 thread" } else { "2 threads" };
                round.add((group, case, name), slices, Some(Counted::allocations(&meter.took)));
            }
        }
    }
    Ok(())
}

fn turn(store: &dyn Blocks, choices: &[Vec<usize>], meter: &mut Meter) -> Result<()> {
    while meter.goes_on() {
        meter.take(LOOK_UPS * choices.len(), || match choices {
            [alone] => look_up(store, alone),
            all => thread::scope(|scope| {
                let running: Vec<_> = all.iter().map(|own| scope.spawn(|| look_up(store, own))).collect();
                let broken = |_| Err(Error::new(Errno::IO));
                running.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(broken))
            }),
        })?;
    }
    Ok(())
}

fn look_up(store: &dyn Blocks, numbers: &[usize]) -> Result<()> {
    let mut buffer = vec![0; BLOCK];
    let all = numbers.iter().all(|&number| store.get(number, black_box(&mut buffer)));
    if all { Ok(()) } else { Err(Error::new(Errno::NODATA)) }
}
