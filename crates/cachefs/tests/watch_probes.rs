//! Looking for writers where that fails, hangs, or is too late at the opening.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use cachefs::time::ManualClock;
use cachefs::{CacheBuilder, CacheFs};
use cachefs_testkit::{CallKind, Fault, FaultFs, OutsideFs, Rule};
use cachefs_vfs::{Access, Errno, MemFs, Notice, Privileges, Vfs, VfsExt, WatchHow, WatchMethod, Watcher};
use parking_lot::Mutex;

use support::outside::{WatchBench, contents, open, watching};
use support::wait_until;

struct Bench {
    cache: CacheFs,
    memory: Arc<MemFs>,
    others: Arc<dyn Vfs>,
    faults: Arc<FaultFs>,
    clock: Arc<ManualClock>,
}

fn bench(set: impl Fn(CacheBuilder) -> CacheBuilder) -> Bench {
    let clock = Arc::new(ManualClock::new());
    let memory = Arc::new(MemFs::new());
    let told = Arc::new(OutsideFs::new(memory.clone()));
    let others = told.outside();
    let faults = Arc::new(FaultFs::new(told));
    let builder = CacheFs::builder(faults.clone()).clock(clock.clone()).readahead(0).recheck(Duration::ZERO);
    let cache = set(builder.coherence(watching(WatchMethod::Filesystem))).build().unwrap();
    Bench { cache, memory, others, faults, clock }
}

impl Bench {
    /// As through a mapping.
    fn store(&self, path: &str, data: &[u8]) {
        open(&*self.memory, path, Access::Write).write_at(data, 0, Privileges::Keep).unwrap();
    }

    fn rechecked(&self) -> usize {
        self.cache.coherence().watch.unwrap().files_rechecked
    }
}

#[derive(Debug, Default)]
struct Heard(Mutex<usize>);

impl Watcher for Heard {
    fn notice(&self, _: &Notice<'_>) {
        *self.0.lock() += 1;
    }
}

#[test]
fn a_file_that_cannot_be_probed_is_not_covered_and_hides_no_writers_of_others() {
    for errno in [Errno::ACCESS, Errno::PERM] {
        let bench = bench(|cache| cache);
        bench.faults.add(Rule::on(CallKind::HasWriter).named("theirs").fail(errno));
        bench.faults.add(Rule::on(CallKind::HasWriter).at("theirs").fail(errno));
        for path in ["ours", "theirs"] {
            bench.others.write(path, b"before").unwrap();
            bench.cache.read(path).unwrap();
        }
        let _writers = ["ours", "theirs"].map(|path| open(&*bench.others, path, Access::ReadWrite));
        ["ours", "theirs"].iter().for_each(|path| bench.store(path, b"stored"));
        bench.clock.advance(Duration::from_secs(2));
        bench.cache.recheck();
        assert_eq!(bench.cache.read("ours").unwrap(), b"stored", "{errno:?}");
        assert_eq!(bench.cache.read("theirs").unwrap(), b"stored", "{errno:?}: it has a lifetime");
        assert_eq!(bench.rechecked(), 1, "{errno:?}");
    }
}

#[test]
fn a_file_that_may_not_be_opened_leaves_the_list_and_who_relied_on_it_is_told() {
    let bench = bench(|cache| cache);
    let heard = Arc::new(Heard::default());
    let watch = bench.cache.watch(WatchHow::default(), heard.clone()).unwrap();
    bench.faults.add(Rule::on(CallKind::Open).named("secret").fail(Errno::ACCESS));
    bench.others.write("secret", b"before").unwrap();
    let id = bench.cache.stat("secret").unwrap().id;
    let _path = open(&bench.cache, "secret", Access::Path);
    assert!(watch.covers(id));
    bench.others.read("secret").unwrap();
    let before = *heard.0.lock();
    bench.cache.recheck();
    assert_eq!(bench.rechecked(), 0);
    assert!(*heard.0.lock() > before && !watch.covers(id));
    bench.cache.stat("secret").unwrap();
    assert!(!watch.covers(id), "nor what is asked for from there on");
}

#[test]
fn a_file_that_hangs_is_not_covered_and_stops_no_looks_at_others() {
    let bench = bench(|cache| cache.recheck(Duration::from_millis(5)));
    for path in ["a", "b"] {
        bench.others.write(path, b"before").unwrap();
        bench.cache.read(path).unwrap();
    }
    let heard = Arc::new(Heard::default());
    let watch = bench.cache.watch(WatchHow::default(), heard).unwrap();
    let _writers = ["a", "b"].map(|path| open(&*bench.others, path, Access::ReadWrite));
    let hung = [
        bench.faults.add(Rule::on(CallKind::HasWriter).named("a").then(Fault::Hang)),
        bench.faults.add(Rule::on(CallKind::HasWriter).at("a").then(Fault::Hang)),
    ];
    wait_until("a look that hangs", || hung.iter().any(|rule| rule.waiting() > 0));
    ["a", "b"].iter().for_each(|path| bench.store(path, b"stored"));
    wait_until("a look at the other", || bench.cache.read("b").unwrap() == b"stored");
    wait_until("the hanging one to be late", || {
        bench.clock.advance(Duration::from_secs(2));
        bench.cache.read("a").unwrap() == b"stored"
    });
    assert!(!watch.covers(bench.cache.stat("a").unwrap().id));
    hung.iter().for_each(|rule| rule.release());
    bench.store("a", b"STORED");
    wait_until("looks at it, too", || bench.cache.read("a").unwrap() == b"STORED");
}

#[test]
fn a_writer_is_found_by_who_loads_what_he_changed() {
    let bench = WatchBench::with(watching(WatchMethod::Inotify), |cache| cache);
    bench.others.write("file", b"content").unwrap();
    let reader = open(&bench.cache, "file", Access::Read);
    contents(&*reader);
    // Nobody is told of the opening.
    let writer = open(&*bench.others, "file", Access::ReadWrite);
    writer.write_at(b"CONTENT", 0, Privileges::Keep).unwrap();
    assert_eq!(contents(&*reader), b"CONTENT");
    open(&*bench.memory, "file", Access::Write).write_at(b"mapping", 0, Privileges::Keep).unwrap();
    bench.clock.advance(Duration::from_secs(1));
    bench.cache.recheck();
    assert_eq!(contents(&*reader), b"mapping");
}
