//! What strangers' events cost.

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// Tells the child process where to work, and how many events to make a second.
const WHERE: &str = "CACHEFS_TEST_LOAD_DIR";
const RATE: &str = "CACHEFS_TEST_LOAD_RATE";
/// Events per turn of the child: made, written, closed, one name less, removed, gone.
const PER_TURN: u64 = 6;

/// Looks up each inode and directory in what it knows, as a cache would.
#[derive(Debug, Default)]
struct Filter {
    known: HashSet<(u64, u64)>,
    hits: AtomicU64,
    seen: Mutex<Option<Instant>>,
    more: Condvar,
}

impl Watcher for Filter {
    fn notice(&self, notice: &Notice<'_>) {
        let knows = |id: &FileId| self.known.contains(&(id.device, id.inode));
        let hit = match notice {
            Notice::Inode { whose, .. } => {
                whose.id.as_ref().is_some_and(knows) || whose.at.as_ref().is_some_and(|(dir, _)| knows(dir))
            }
            Notice::Made { dir, .. } | Notice::Removed { dir, .. } => knows(dir),
            Notice::Moved { from, to, .. } => knows(&from.0) || knows(&to.0),
            Notice::Overflow | Notice::Lost(_) => true,
        };
        if hit {
            self.hits.fetch_add(1, Ordering::Relaxed);
            *self.seen.lock() = Some(Instant::now());
            self.more.notify_all();
        }
    }
}

struct Strangers(Child);

impl Strangers {
    fn new(dir: &Path, rate: u64) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "watch::load::stranger"])
            .env(WHERE, dir)
            .env(RATE, rate.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Strangers {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The child process.
#[test]
#[ignore = "is the other process of the measurement below"]
fn stranger() {
    let (Some(dir), Ok(rate)) = (env::var_os(WHERE), env::var(RATE)) else { return };
    let rate: u64 = rate.parse().unwrap();
    let (dir, start) = (PathBuf::from(dir), Instant::now());
    for turn in 0_u64.. {
        let file = dir.join((turn % 1000).to_string());
        std::fs::write(&file, "x").unwrap();
        std::fs::remove_file(&file).unwrap();
        let due = Duration::from_nanos(1_000_000_000 * PER_TURN * turn / rate);
        if let Some(early) = due.checked_sub(start.elapsed()).filter(|early| early.as_millis() > 0) {
            std::thread::sleep(early); // sleep: keeps the rate
        }
    }
}

/// The processor time of the thread of the watch.
fn thread_time() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|entry| entry.unwrap().path());
    let ours =
        threads.filter(|path| std::fs::read_to_string(path.join("comm")).unwrap().trim() == "cachefs-watch");
    let nanos = ours.map(|path| {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

/// How long a change by `touch` in the watched directory takes to be told, from before the process is started.
fn delay(filter: &Filter, file: &Path) -> Duration {
    *filter.seen.lock() = None;
    let begun = Instant::now();
    assert!(Command::new("touch").arg(file).status().unwrap().success());
    let done = Instant::now();
    let mut seen = filter.seen.lock();
    while seen.is_none() {
        assert!(!filter.more.wait_for(&mut seen, PATIENCE).timed_out(), "never told");
    }
    // From the process's end on, which comes after the change.
    seen.unwrap().saturating_duration_since(done).min(begun.elapsed())
}

#[test]
#[ignore = "measures; wants a quiet machine"]
fn strangers_events_cost_little_and_delay_nobody() {
    const TIME: Duration = Duration::from_secs(5);
    for rate in [0, 50_000, 150_000] {
        let dir = TempDir::new_in(env::var_os("CACHEFS_TEST_LOAD_IN").unwrap_or("/tmp".into())).unwrap();
        for inner in ["src", "elsewhere"] {
            std::fs::create_dir(dir.path().join(inner)).unwrap();
        }
        let fs = LocalFs::open(dir.path().join("src")).unwrap();
        let root = fs.root().unwrap();
        let id = root.attr().unwrap().id;
        // As many as a cache knows, so that looking one up costs what it costs there.
        let others = (0..200_000).map(|inode| (u64::MAX, inode));
        let known = others.chain([(id.device, id.inode)]).collect();
        let filter = Arc::new(Filter { known, ..Filter::default() });
        let watched = fs.watch(how(WatchMethod::Filesystem), Arc::clone(&filter) as Arc<dyn Watcher>);
        let Ok(watch) = watched else { return println!("skipped: {}", watched.unwrap_err()) };
        root.watch(&*watch).unwrap();
        let _strangers = (rate > 0).then(|| Strangers::new(&dir.path().join("elsewhere"), rate));
        let (begun, cpu, events) = (Instant::now(), thread_time(), watch.usage().events);
        let mut delays = Vec::new();
        while begun.elapsed() < TIME {
            delays.push(delay(&filter, &dir.path().join("src/f")));
            std::thread::sleep(Duration::from_millis(20)); // sleep: spreads the samples
        }
        let (passed, cpu) = (begun.elapsed().as_secs_f64(), (thread_time() - cpu).as_secs_f64());
        let events = watch.usage().events - events;
        delays.sort_unstable();
        println!(
            "{rate}/s asked: {:.0} events/s told, {:.2} % of a core, {:.2} us each, delay median {:?} max {:?}, overflows {}",
            events as f64 / passed,
            100.0 * cpu / passed,
            1e6 * cpu / events as f64,
            delays[delays.len() / 2],
            delays[delays.len() - 1],
            watch.usage().overflows,
        );
        assert_eq!(watch.usage().overflows, 0);
    }
}

/// A line of `/proc/meminfo` or `/proc/self/status`, in bytes.
fn memory(table: &str, key: &str) -> i64 {
    let text = std::fs::read_to_string(table).unwrap();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() << 10
}

#[test]
#[ignore = "measures; wants a quiet machine"]
fn a_hundred_thousand_directories_are_watched() {
    let dir = tempfile::tempdir().unwrap();
    for directory in 0..100_000 {
        std::fs::create_dir_all(dir.path().join(format!("{}/{}", directory / 1000, directory % 1000)))
            .unwrap();
    }
    for method in METHODS {
        let fs = LocalFs::open(dir.path()).unwrap();
        let watched = fs.watch(how(method), Arc::new(Log::default()));
        let Ok(watch) = watched else { return println!("skipped: {}", watched.unwrap_err()) };
        let root = fs.root().unwrap();
        let before = (memory("/proc/self/status", "VmRSS"), memory("/proc/meminfo", "SUnreclaim"));
        let begun = Instant::now();
        for outer in 0..100 {
            let outer = root.dir(name(&outer.to_string())).unwrap().handle;
            for inner in 0..1000 {
                outer.dir(name(&inner.to_string())).unwrap().handle.watch(&*watch).unwrap();
            }
        }
        println!(
            "{method:?}: {:?}, {} marks, process {} KiB more, kernel {} KiB more",
            begun.elapsed(),
            watch.usage().marks,
            (memory("/proc/self/status", "VmRSS") - before.0) >> 10,
            (memory("/proc/meminfo", "SUnreclaim") - before.1) >> 10,
        );
        let begun = Instant::now();
        drop(watch);
        println!("dropped in {:?}", begun.elapsed());
    }
}
