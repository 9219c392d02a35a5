//! What a hit costs beside a memory copy of the same bytes: reads by handle, open + read + close beside copy-on-read,
//! attributes by path and by handle, and two threads beside one. Rounds are interleaved and medians are printed, in
//! nanoseconds, for the machine may be busy.

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use cachefs::CacheFs;
use cachefs::policy::PolicyKind;
use cachefs_benches::{Cached, Contender, CorFs, Raw, Room, content};
use cachefs_vfs::{Access, MemFs, Name, OpenHow, Result, VFile, Vfs, VfsExt};

const HOUR: Duration = Duration::from_secs(3600);

/// Files of 4 KiB that the threads read.
const FILES: usize = 1 << 14;

/// Operations of one thread in a round; of the copies of 64 KiB, a sixteenth of them.
const COUNT: usize = 8_000;

const ROUNDS: usize = 101;

/// The one file of a backing.
const NAME: &str = "file";

fn backing(size: usize) -> Result<Arc<dyn Vfs>> {
    let fs = MemFs::new();
    fs.write(NAME, &content(0, size))?;
    Ok(Arc::new(fs))
}

/// What is measured: the mean time of one operation in one round.
type Case = (String, Box<dyn Fn() -> Duration>);

fn each(count: usize, mut op: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..count).for_each(|_| op());
    begun.elapsed() / u32::try_from(count).unwrap_or(u32::MAX)
}

fn cache(fs: Arc<dyn Vfs>) -> Result<CacheFs> {
    let policy = std::env::var("CACHEFS_POLICY").ok().and_then(|name| name.parse().ok());
    let builder = CacheFs::builder(fs).ttl(HOUR).policy(policy.unwrap_or(PolicyKind::S3Fifo));
    builder.build().map_err(|error| cachefs_vfs::Error::from(std::io::Error::other(error)))
}

fn by_handle(cases: &mut Vec<Case>) -> Result<()> {
    for size in [4 << 10, 64 << 10] {
        let count = COUNT * 4096 / size;
        let source = vec![7_u8; size];
        cases.push((
            format!("memcpy {size}"),
            Box::new(move || {
                let mut to = vec![0; size];
                each(count, || black_box(&mut to[..]).copy_from_slice(black_box(&source)))
            }),
        ));
        for whole in [size, 1 << 20] {
            let cache = cache(backing(whole)?)?;
            let file = cache.open(NAME, OpenHow::new(Access::Read))?;
            file.read_at(&mut vec![0; whole], 0)?;
            let read = move || {
                let mut to = vec![0; size];
                each(count, || drop(black_box(file.read_at(black_box(&mut to), 0))))
            };
            cases.push((format!("read {size} of {whole}"), Box::new(read)));
        }
    }
    Ok(())
}

fn by_opening(cases: &mut Vec<Case>) -> Result<()> {
    for size in [1 << 10, 4 << 10] {
        let fs = backing(size)?;
        let contenders: [(&str, Box<dyn Contender>); 3] = [
            ("cachefs", Box::new(Cached::new(Arc::clone(&fs), Room::Plenty)?)),
            ("corfs", Box::new(CorFs::new(&*fs, &MemFs::new())?)),
            ("raw", Box::new(Raw::new(&*fs)?)),
        ];
        for (who, contender) in contenders {
            let name = Name::new(NAME)?;
            contender.read(name, &mut vec![0; size])?;
            let label = format!("open+read+close {size} {who}");
            let read = move || {
                let mut to = vec![0; size];
                each(COUNT, || drop(black_box(contender.read(name, black_box(&mut to)))))
            };
            cases.push((label, Box::new(read)));
        }
    }
    Ok(())
}

fn by_name(cases: &mut Vec<Case>) -> Result<()> {
    let fs = Arc::new(MemFs::new());
    fs.create_dir_all("a/b/c")?;
    for path in ["top", "a/b/c/file"] {
        fs.write(path, &[7; 100])?;
    }
    let cache = cache(fs)?;
    for path in ["top", "a/b/c/file"] {
        let (own, file) = (cache.clone(), cache.open(path, OpenHow::new(Access::Read))?);
        own.stat(path)?;
        cases.push((
            format!("stat {path}"),
            Box::new(move || each(COUNT, || drop(black_box(own.stat(black_box(path)))))),
        ));
        if path == "top" {
            let attr = move || each(COUNT, || drop(black_box(file.attr())));
            cases.push(("attr by handle".to_owned(), Box::new(attr)));
        }
    }
    Ok(())
}

/// Places in the order in which a thread reads them, by Zipf's law with an exponent of 1.1.
fn zipf(seed: u64) -> Vec<usize> {
    let mut sums: Vec<f64> = Vec::with_capacity(FILES);
    for rank in 1..=u32::try_from(FILES).unwrap_or(u32::MAX) {
        sums.push(sums.last().copied().unwrap_or(0.0) + f64::from(rank).powf(-1.1));
    }
    let total = sums.last().copied().unwrap_or(1.0);
    let mut dice = seed;
    let mut draw = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        f64::from(u32::try_from(dice >> 32).unwrap_or(0)) / f64::from(u32::MAX) * total
    };
    // Ranks are spread over the files, so that the hot ones are no neighbours.
    let mut place = || {
        let at = draw();
        sums.partition_point(|&sum| sum < at).min(FILES - 1) * 7919 % FILES
    };
    (0..COUNT).map(|_| place()).collect()
}

fn by_threads(cases: &mut Vec<Case>) -> Result<()> {
    let fs = MemFs::new();
    let names: Vec<String> = (0..FILES).map(|number| format!("file{number}")).collect();
    names.iter().try_for_each(|name| fs.write(name, &[7; 4096]))?;
    let cache = cache(Arc::new(fs))?;
    let mut files: Vec<Arc<dyn VFile>> = Vec::new();
    for name in &names {
        let file = cache.open(name, OpenHow::new(Access::Read))?;
        file.read_at(&mut [0; 4096], 0)?;
        files.push(file);
    }
    let files: Arc<[Arc<dyn VFile>]> = files.into();
    let memory: Arc<[u8]> = vec![7; FILES * 4096].into();
    for threads in [1, 2] {
        let (files, memory) = (Arc::clone(&files), Arc::clone(&memory));
        let copy = move |at: usize, to: &mut [u8]| to.copy_from_slice(&memory[at * 4096..(at + 1) * 4096]);
        let read = move |at: usize, to: &mut [u8]| drop(black_box(files[at].read_at(to, 0)));
        cases.push((format!("zipf memcpy, {threads} at once"), Box::new(move || at_once(threads, &copy))));
        cases.push((format!("zipf read, {threads} at once"), Box::new(move || at_once(threads, &read))));
    }
    Ok(())
}

/// The time per operation, all threads' operations counted.
fn at_once(threads: usize, op: &(impl Fn(usize, &mut [u8]) + Sync)) -> Duration {
    let barrier = Barrier::new(threads);
    let run = |seed: u64| {
        let (order, mut to) = (zipf(seed), vec![0; 4096]);
        barrier.wait();
        let begun = Instant::now();
        order.iter().for_each(|&at| op(at, black_box(&mut to)));
        begun.elapsed()
    };
    let slowest = thread::scope(|scope| {
        let run = &run;
        let seeds = (0..threads as u64).map(|number| 0x9E37_79B9_7F4A_7C15 ^ (number + 1));
        let running: Vec<_> = seeds.map(|seed| scope.spawn(move || run(seed))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
    });
    slowest / u32::try_from(COUNT * threads).unwrap_or(u32::MAX)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints")]
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find(|word| !word.starts_with('-')).cloned().unwrap_or_default();
    // As a test it only has to run.
    let rounds = if arguments.iter().any(|word| word == "--bench") { ROUNDS } else { 1 };
    let mut cases = Vec::new();
    by_handle(&mut cases)?;
    by_opening(&mut cases)?;
    by_name(&mut cases)?;
    if "zipf".starts_with(&wanted) || wanted.starts_with("zipf") {
        by_threads(&mut cases)?;
    }
    cases.retain(|(label, _)| label.contains(&wanted));
    let mut times = vec![Vec::new(); cases.len()];
    for _ in 0..rounds {
        for ((_, case), times) in cases.iter().zip(&mut times) {
            times.push(case());
        }
    }
    println!("{:<32} {:>8} {:>8}  (ns per operation, {rounds} rounds)", "", "median", "least");
    for ((label, _), times) in cases.iter().zip(&mut times) {
        times.sort_unstable();
        println!("{label:<32} {:>8} {:>8}", times[rounds / 2].as_nanos(), times[0].as_nanos());
    }
    Ok(())
}
