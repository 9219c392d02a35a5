//! What a flush could not write: every open file that was there is told, once each, whatever handles the cache has of it
//! beneath.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;

use cachefs::time::ManualClock;
use cachefs::write_back::{Config, Setup, WriteBack};
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{CallKind, FaultFs, Rule, RuleHandle};
use cachefs_vfs::{Access, Errno, MemFs, Privileges, SyncHow, VFile, Vfs, VfsExt};

use support::outside::open;

/// A cache over a write-back that flushes when told to, over a filesystem that fails when told to.
struct Bench {
    cache: CacheFs,
    beneath: Arc<WriteBack>,
    faults: Arc<FaultFs>,
}

impl Bench {
    fn new(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Self {
        let faults = Arc::new(FaultFs::new(Arc::new(MemFs::new())));
        let clock = Arc::new(ManualClock::new());
        let config =
            Config { flushers: 0, segment_size: 1 << 20, journal_max: 64 << 20, ..Config::default() };
        let setup = Setup { config, source: [1; 32], boot: [2; 16], clock: Arc::clone(&clock) as _ };
        let (beneath, _) =
            WriteBack::open(Arc::clone(&faults) as _, MemFs::new().root().unwrap(), setup).unwrap();
        let beneath = Arc::new(beneath);
        let builder = CacheFs::builder(Arc::clone(&beneath) as _).clock(clock).readahead(0);
        let bench = Self { cache: set(builder).build().unwrap(), beneath, faults };
        for name in ["f", "g", "h", "i"] {
            bench.cache.write(name, b"base").unwrap();
        }
        bench.flush();
        bench
    }

    fn flush(&self) {
        self.beneath.flush_all(None, &mut |_| ());
    }

    fn open(&self, name: &str) -> Arc<dyn VFile> {
        open(&self.cache, name, Access::ReadWrite)
    }

    /// `f` cannot be written to from now on, and has something that is to be.
    fn refuse(&self, writer: &dyn VFile) -> RuleHandle {
        write(writer, b"x").unwrap();
        let refused = self.faults.add(Rule::on(CallKind::Write).at("f").fail(Errno::ROFS));
        self.flush();
        refused
    }

    /// Has the cache close what it has open of `f` beneath.
    fn crowd(&self) {
        for name in ["g", "h", "i"] {
            self.cache.read(name).unwrap();
            write(&*self.open(name), b"q").unwrap();
        }
    }
}

fn write(file: &dyn VFile, bytes: &[u8]) -> Result<usize, Errno> {
    file.write_at(bytes, 0, Privileges::Keep).map_err(|error| error.errno())
}

fn sync(file: &dyn VFile) -> Option<Errno> {
    file.sync(SyncHow::All).err().map(|error| error.errno())
}

const REFUSED: Option<Errno> = Some(Errno::ROFS);

#[test]
fn each_open_file_is_told_once() {
    let bench = Bench::new(|cache| cache);
    let (one, two) = (bench.open("f"), bench.open("f"));
    let reader = open(&bench.cache, "f", Access::Read);
    let refused = bench.refuse(&*one);
    assert_eq!([&one, &two, &one, &two].map(|file| sync(&**file)), [REFUSED, REFUSED, None, None]);
    assert_eq!((sync(&*reader), sync(&*reader)), (REFUSED, None), "one for reading, too");
    assert_eq!(sync(&*bench.open("f")), None, "opened when somebody knew");
    assert_eq!(sync(&*one.reopen(cachefs_vfs::OpenHow::new(Access::ReadWrite)).unwrap()), None);
    refused.release();
    bench.flush();
    assert_eq!(bench.faults.read("f").unwrap(), b"xase");
}

#[test]
fn a_write_tells_and_then_writes() {
    let bench = Bench::new(|cache| cache);
    let (one, two) = (bench.open("f"), bench.open("f"));
    let refused = bench.refuse(&*one);
    assert_eq!((write(&*two, b"yy"), write(&*two, b"yy")), (Err(Errno::ROFS), Ok(2)));
    assert_eq!((sync(&*two), sync(&*one), sync(&*one)), (None, REFUSED, None));
    refused.release();
    bench.flush();
    assert_eq!(bench.faults.read("f").unwrap(), b"yyse");
}

#[test]
fn one_opened_later_is_told_if_nobody_was() {
    let bench = Bench::new(|cache| cache);
    let one = bench.open("f");
    let _refused = bench.refuse(&*one);
    drop(one);
    let (late, other) = (bench.open("f"), bench.open("f"));
    assert_eq!([&late, &other, &late].map(|file| sync(&**file)), [REFUSED, REFUSED, None]);
    assert_eq!(sync(&*bench.open("f")), None);
}

#[test]
fn handles_that_come_and_go_beneath_tell_nothing_again() {
    let bench = Bench::new(|cache| cache.handles_max(2));
    let (one, two) = (bench.open("f"), bench.open("f"));
    let _refused = bench.refuse(&*one);
    let told: Vec<_> = (0..5)
        .map(|_| {
            bench.crowd();
            sync(&*one)
        })
        .collect();
    assert_eq!(told, [REFUSED, None, None, None, None]);
    assert_eq!((sync(&*two), sync(&*two)), (REFUSED, None), "nor did it hear of it by then");
}

#[test]
fn what_is_written_to_a_file_that_goes_on_failing_is_told_of_again() {
    let bench = Bench::new(|cache| cache);
    let one = bench.open("f");
    let _refused = bench.refuse(&*one);
    bench.flush();
    assert_eq!((sync(&*one), sync(&*one)), (REFUSED, None));
    bench.flush();
    assert_eq!(sync(&*one), None, "nothing new failed");
    let late = bench.open("f");
    write(&*late, b"z").unwrap();
    bench.flush();
    assert_eq!((sync(&*late), sync(&*late), sync(&*one)), (REFUSED, None, REFUSED));
}
