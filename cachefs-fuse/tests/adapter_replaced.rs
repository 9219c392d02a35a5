//! A file that others replace each time somebody has looked at it, and of which nobody tells: who walks to it gets one of
//! its versions, as in the plain directory.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachefs::{CacheFs, Coherence};
use cachefs_fuse::{MountConfig, Trust};
use cachefs_testkit::{Call, CallKind, Intercept, Permit, Wrapped};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{LocalFs, MemFs, Result, Vfs};
use cachefs_writeback::{Config, Setup, WriteBack};
use support::{MountGuard, config, uncached};

const HOUR: Duration = Duration::from_secs(3600);
const ROUNDS: u64 = 8;

/// Others, who put another file in the place of `f` after each call that is about it, as long as they may.
#[derive(Clone, Debug)]
struct Others(Arc<Replacing>);

#[derive(Debug)]
struct Replacing {
    dir: PathBuf,
    left: AtomicU64,
    version: Mutex<u64>,
}

impl Others {
    fn replace(&self) {
        let mut version = self.0.version.lock().expect("no panic");
        *version += 1;
        let new = self.0.dir.join("new");
        fs::write(&new, version.to_string()).expect("another file");
        fs::rename(new, self.0.dir.join("f")).expect("its name");
    }

    fn version(&self) -> u64 {
        *self.0.version.lock().expect("no panic")
    }

    /// Lets them go on while `walk` is under way.
    fn meanwhile<T>(&self, walk: impl FnOnce() -> T) -> T {
        self.0.left.store(1000, Ordering::SeqCst);
        let walked = walk();
        self.0.left.store(0, Ordering::SeqCst);
        walked
    }
}

impl Intercept for Others {
    const PATHS: bool = true;

    fn before(&self, _: &Call<'_>) -> Result<Permit> {
        Ok(Permit::default())
    }

    fn after(&self, call: &Call<'_>, _: u64) {
        let looks = matches!(call.kind, CallKind::Stat | CallKind::Open | CallKind::Attr);
        let less = |left: u64| left.checked_sub(1);
        if looks && call.is_at(Path::new("f")) {
            let may = self.0.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
            if may.is_ok() {
                self.replace();
            }
        }
    }
}

/// Mounts what `over` makes of a directory in which others replace `f`.
fn mounted(config: MountConfig, over: impl FnOnce(Arc<dyn Vfs>) -> Arc<dyn Vfs>) -> (MountGuard, Others) {
    let dir = tempfile::tempdir().expect("a directory");
    let source = dir.path().join("src");
    fs::create_dir(&source).expect("a source");
    let local = LocalFs::open(&source).expect("the source opens");
    let replacing = Replacing { dir: source, left: AtomicU64::new(0), version: Mutex::new(0) };
    let others = Others(Arc::new(replacing));
    others.replace();
    let backing = Wrapped::new(Arc::new(local), others.clone());
    (MountGuard::new(over(Arc::new(backing)), dir, config), others)
}

fn cached(backing: Arc<dyn Vfs>, coherence: Coherence) -> Arc<dyn Vfs> {
    Arc::new(CacheFs::builder(backing).coherence(coherence).build().expect("a cache"))
}

fn written_back(backing: Arc<dyn Vfs>) -> Arc<dyn Vfs> {
    let setup = Setup {
        config: Config { flushers: 0, ..Config::default() },
        source: [1; 32],
        boot: [2; 16],
        clock: Arc::new(SystemClock),
    };
    let journal = MemFs::new().root().expect("a directory");
    Arc::new(WriteBack::open(backing, journal, setup).expect("a journal").0)
}

/// Each look-up asks; `nowait`: by a single reader, which hands over what it would wait for.
fn asking(nowait: bool) -> MountConfig {
    MountConfig {
        trust: Trust::Never,
        honours_nowait: nowait,
        readers: if nowait { 1 } else { 4 },
        ..uncached()
    }
}

fn read(path: &Path, options: &OpenOptions) -> u64 {
    let mut text = String::new();
    let mut file = options.open(path).unwrap_or_else(|error| panic!("opening: {error}"));
    file.read_to_string(&mut text).expect("reading");
    text.parse().expect("a whole version")
}

/// Opens the file again and again, and asks for its attributes.
fn walk(fs: &MountGuard, others: &Others, fresh: bool) {
    let path = fs.at("f");
    let (mut reads, mut writes) = (OpenOptions::new(), OpenOptions::new());
    reads.read(true);
    writes.read(true).write(true);
    for round in 0..ROUNDS {
        for options in [&reads, &writes] {
            let before = others.version();
            let found = others.meanwhile(|| read(&path, options));
            assert!(found >= before || !fresh, "round {round}: {found} after {before}");
        }
        let attr = others.meanwhile(|| fs::metadata(&path));
        assert!(attr.unwrap_or_else(|error| panic!("round {round}: {error}")).ino() > 0);
    }
}

#[test]
fn straight() {
    let (fs, others) = mounted(asking(false), |backing| backing);
    walk(&fs, &others, true);
}

#[test]
fn cached_and_checked_at_each_walk() {
    for nowait in [false, true] {
        let (fs, others) = mounted(asking(nowait), |backing| cached(backing, Coherence::Open));
        walk(&fs, &others, true);
    }
}

#[test]
fn written_back_and_checked_at_each_walk() {
    for nowait in [false, true] {
        let over = |backing| cached(written_back(backing), Coherence::Open);
        let (fs, others) = mounted(asking(nowait), over);
        walk(&fs, &others, true);
    }
}

#[test]
fn believed_for_long() {
    for nowait in [false, true] {
        let config = MountConfig {
            trust: Trust::Ttl,
            attr_ttl: HOUR,
            entry_ttl: HOUR,
            negative_ttl: HOUR,
            honours_nowait: nowait,
            readers: if nowait { 1 } else { 4 },
            ..config()
        };
        let (fs, others) = mounted(config, |backing| cached(backing, Coherence::Ttl(HOUR)));
        assert!(fs::metadata(fs.at("f")).is_ok(), "it is known");
        others.replace();
        walk(&fs, &others, false);
    }
}

/// What is believed by the cache, but not by the kernel, is asked for in each walk, and of each answer the file is gone.
#[test]
fn believed_for_an_instant() {
    for nowait in [false, true] {
        let ttl = Coherence::Ttl(Duration::from_nanos(1));
        let (fs, others) = mounted(asking(nowait), |backing| cached(backing, ttl));
        // For as long as the clock takes from one time to the next.
        walk(&fs, &others, false);
    }
}

type IsDone<'a> = &'a dyn Fn(&str) -> bool;

/// What was kept for one who walked again is not what others write to, who still take it for the file of that name.
#[test]
fn what_one_was_misled_to_is_not_written_to_by_others() {
    let config =
        MountConfig { trust: Trust::Ttl, attr_ttl: HOUR, entry_ttl: HOUR, negative_ttl: HOUR, ..config() };
    let (fs, others) = mounted(config, |backing| cached(backing, Coherence::Ttl(HOUR)));
    let (path, source) = (fs.at("f"), others.0.dir.join("f"));
    let append = || {
        let mut file = OpenOptions::new().append(true).open(&path).expect("opening");
        file.write_all(b"0").expect("writing");
    };
    let chmod = || fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("chmod");
    // Whether what they did reached the file that is there.
    let appended = |version: &str| fs::read_to_string(&source).expect("the source") == format!("{version}0");
    let changed = |_: &str| fs::metadata(&source).expect("the source").permissions().mode() & 0o777 == 0o600;
    let verbs: [(&dyn Fn(), IsDone<'_>); 2] = [(&append, &appended), (&chmod, &changed)];
    let misled: [&(dyn Fn() + Sync); 2] = [&|| drop(fs::read(&path)), &|| drop(fs::metadata(&path))];
    for (number, (verb, is_done)) in verbs.into_iter().enumerate() {
        for (way, misled) in misled.into_iter().enumerate() {
            for same_thread in [true, false] {
                assert!(fs::metadata(&path).is_ok(), "it is known");
                others.replace();
                match same_thread {
                    true => misled(),
                    false => std::thread::scope(|scope| scope.spawn(misled).join().expect("no panic")),
                }
                others.replace();
                verb();
                assert!(
                    is_done(&others.version().to_string()),
                    "verb {number}, misled {way}, same thread: {same_thread}"
                );
            }
        }
    }
}
