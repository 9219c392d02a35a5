//! What is known is answered without a call to the backing and without an allocation.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use cachefs::stats::{Counter, Snapshot};
use cachefs::{CacheFs, Coherence};
use cachefs_testkit::{CountFs, OutsideFs};
use cachefs_vfs::{Access, Errno, MemFs, OpenHow, VDir, VFile, Vfs, VfsExt, WatchHow};

use support::{bytes, name};

const DEEP: &str = "a/b/c/file";
const MISSING: &str = "a/b/c/missing";

struct Known {
    cache: CacheFs,
    counts: Arc<CountFs>,
    dir: Arc<dyn VDir>,
    file: Arc<dyn VFile>,
}

/// A tree of which everything is known, and keeps for an hour at least.
fn known(mode: Coherence) -> Known {
    let memory = Arc::new(MemFs::new());
    memory.create_dir_all("a/b/c").unwrap();
    memory.write("top", b"top").unwrap();
    memory.write(DEEP, &bytes(1, 100_000)).unwrap();
    let counts = Arc::new(CountFs::new(Arc::new(OutsideFs::new(memory))));
    let builder = CacheFs::builder(counts.clone()).coherence(mode).recheck(Duration::ZERO).readahead(0);
    let cache = builder.build().unwrap();
    let dir = cache.dir("a/b/c").unwrap();
    for _ in 0..2 {
        for path in ["", "top", "a", "a/b", "a/b/c", DEEP] {
            cache.stat(path).unwrap();
        }
        assert!(!cache.exists(MISSING).unwrap() && !cache.exists("a/nowhere/file").unwrap());
        cache.read(DEEP).unwrap();
    }
    let file = dir.open(name("file"), OpenHow::new(Access::Read)).unwrap().handle;
    counts.reset();
    Known { cache, counts, dir, file }
}

fn modes() -> [Coherence; 3] {
    let hour = Duration::from_secs(3600);
    [Coherence::Ttl(hour), Coherence::Watch(WatchHow::default()), Coherence::Single]
}

/// What `verb` allocated, once this thread has done it before.
fn allocations(verb: impl Fn()) -> u64 {
    verb();
    measure(verb).count_total
}

#[test]
fn a_hit_by_handle_or_name_allocates_nothing() {
    for mode in modes() {
        let Known { counts, dir, file, .. } = known(mode);
        let verbs: [(&str, &dyn Fn()); 5] = [
            ("attr of a file", &|| assert!(file.attr().is_ok())),
            ("attr of a directory", &|| assert!(dir.attr().is_ok())),
            ("stat", &|| assert!(dir.stat(name("file")).is_ok())),
            ("a missing name", &|| drop(dir.stat(name("missing")).unwrap_err())),
            ("read", &|| assert_eq!(file.read_at(&mut [0; 4096], 70_000).unwrap(), 4096)),
        ];
        for (what, verb) in verbs {
            assert_eq!(allocations(verb), 0, "{what}, {mode:?}");
        }
        assert_eq!(counts.snapshot().called(), []);
    }
}

#[test]
fn a_hit_by_path_allocates_nothing() {
    for mode in modes() {
        let Known { cache, counts, .. } = known(mode);
        let verbs: [(&str, &dyn Fn()); 6] = [
            ("the root", &|| assert!(cache.stat("/").is_ok())),
            ("one part", &|| assert!(cache.stat("top").is_ok())),
            ("four parts", &|| assert!(cache.stat(DEEP).is_ok())),
            ("what is there", &|| assert!(cache.exists(DEEP).unwrap())),
            ("what is not", &|| assert!(!cache.exists(MISSING).unwrap())),
            ("what cannot be", &|| assert!(!cache.exists("top/file").unwrap())),
        ];
        for (what, verb) in verbs {
            assert_eq!(allocations(verb), 0, "{what}, {mode:?}");
        }
        assert_eq!(counts.snapshot().called(), []);
    }
}

#[test]
fn an_opening_allocates_the_handle_it_answers() {
    for mode in modes() {
        let Known { cache, counts, dir, .. } = known(mode);
        let root = cache.root().unwrap();
        let open = |access| drop(dir.open(name("file"), OpenHow::new(access)).unwrap());
        assert_eq!(allocations(|| open(Access::Read)), 1, "{mode:?}");
        // Under a watch the first handle by path is the backing's, too.
        let read = || {
            let file = dir.open(name("file"), OpenHow::new(Access::Read)).unwrap().handle;
            assert_eq!(file.read_at(&mut [0; 1024], 0).unwrap(), 1024);
        };
        assert_eq!(allocations(read), 1, "reading and closing adds none, {mode:?}");
        let _kept = dir.open(name("file"), OpenHow::new(Access::Path)).unwrap();
        counts.reset();
        assert_eq!(allocations(|| open(Access::Path)), 1, "{mode:?}");
        assert_eq!(allocations(|| drop(root.dir(name("a")).unwrap())), 1, "{mode:?}");
        assert_eq!(counts.snapshot().called(), []);
    }
}

#[test]
fn a_path_leads_where_the_same_names_lead_one_by_one() {
    for mode in modes() {
        let Known { cache, .. } = known(mode);
        let long = "x".repeat(300);
        let too_long = format!("a/nowhere/{long}");
        let paths = ["", "/", "top", "/top/", "./a//b/./c/file", DEEP, MISSING, "top/file", "a/b/nowhere/c"];
        let wrong = ["..", "a/../top", "a/nowhere/../b", "top/..", "a/b\0", long.as_str(), too_long.as_str()];
        for path in paths.into_iter().chain(wrong) {
            // Twice: what is learnt by the one is known to the other.
            for _ in 0..2 {
                let by_names = VfsExt::stat(&cache as &dyn Vfs, path).map_err(|error| error.to_string());
                assert_eq!(cache.stat(path).map_err(|error| error.to_string()), by_names, "{path}");
                let by_names = VfsExt::exists(&cache as &dyn Vfs, path);
                assert_eq!(cache.exists(path), by_names, "{path}");
            }
        }
        let errno = |path| cache.stat(path).map_err(|error| error.errno());
        assert_eq!(errno("a/nowhere/../b"), Err(Errno::INVAL), "said before it is gone");
        assert_eq!(errno("top/file"), Err(Errno::NOTDIR));
    }
}

#[test]
fn a_hit_by_path_counts_as_one_by_names() {
    let Known { cache, .. } = known(Coherence::Single);
    let counted = |verb: &dyn Fn()| {
        let before = cache.stats();
        verb();
        let since = |now: &Snapshot| {
            [Counter::NameHit, Counter::AttrHit, Counter::NegativeHit]
                .map(|counter| now.since(&before).get(counter))
        };
        since(&cache.stats())
    };
    for path in ["", "top", DEEP, MISSING] {
        let by_names = counted(&|| drop(VfsExt::stat(&cache as &dyn Vfs, path)));
        assert_eq!(counted(&|| drop(cache.stat(path))), by_names, "{path}");
    }
}

#[test]
fn a_path_is_asked_for_again_when_a_directory_on_it_was_moved() {
    for mode in modes() {
        let Known { cache, .. } = known(mode);
        cache.rename("a/b", "a/moved").unwrap();
        assert!(!cache.exists(DEEP).unwrap());
        assert_eq!(cache.stat("a/moved/c/file").unwrap().size, 100_000);
        cache.write("a/moved/c/file", b"short").unwrap();
        assert_eq!(cache.stat("a/moved/c/file").unwrap().size, 5);
        cache.remove_file("a/moved/c/file").unwrap();
        assert!(!cache.exists("a/moved/c/file").unwrap());
    }
}
