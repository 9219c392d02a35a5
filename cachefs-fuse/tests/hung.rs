//! A directory of the backing that hangs hurts only those who need it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::CacheFs;
use cachefs_fuse::{How, Mount, MountConfig};
use cachefs_testkit::{CallKind, FaultFs, Rule};
use cachefs_vfs::{LocalFs, Vfs};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(2);
/// What an answer may be late by on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
/// More than there are threads that read requests.
const CALLERS: usize = 16;
const FILES: usize = 100;

/// A mount of a directory with a part that can be made to hang. Fields are dropped in this order.
struct Setup {
    mount: Option<Mount>,
    faults: Arc<FaultFs>,
    mountpoint: TempDir,
    _source: TempDir,
}

impl Setup {
    fn new() -> Self {
        let (source, mountpoint) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for directory in ["fine", "hung"] {
            fs::create_dir(source.path().join(directory)).unwrap();
            for file in 0..FILES {
                fs::write(source.path().join(format!("{directory}/{file}")), format!("{file}")).unwrap();
            }
        }
        let faults = Arc::new(FaultFs::new(Arc::new(LocalFs::open(source.path()).unwrap())));
        let backing: Arc<dyn Vfs> = Arc::clone(&faults) as Arc<dyn Vfs>;
        let cache = CacheFs::builder(backing).ttl(Duration::from_secs(3600)).build().unwrap();
        // The kernel keeps nothing, so that every hit is one of ours.
        let config = MountConfig {
            attr_ttl: Duration::ZERO,
            entry_ttl: Duration::ZERO,
            deadline: DEADLINE,
            honours_nowait: true,
            ..MountConfig::default()
        };
        let mount = Mount::start(Arc::new(cache), mountpoint.path(), config).unwrap();
        Self { mount: Some(mount), faults, mountpoint, _source: source }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.mountpoint.path().join(name)
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.faults.release();
        self.mount.take();
    }
}

/// The 99th percentile of the time that a stat and a read of cached files take.
fn hits_p99(directory: &Path) -> Duration {
    let mut times: Vec<Duration> = (0..2000)
        .map(|round| {
            let path = directory.join((round % FILES).to_string());
            let start = Instant::now();
            assert_eq!(fs::read(path).unwrap(), (round % FILES).to_string().as_bytes());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() * 99 / 100]
}

#[test]
fn hits_elsewhere_go_on_and_the_hung_calls_end_at_their_deadline() {
    let setup = Setup::new();
    hits_p99(&setup.path("fine"));
    let quiet = hits_p99(&setup.path("fine"));
    let _known = fs::metadata(setup.path("hung")).unwrap();

    let rule = setup.faults.add(Rule::any().within("hung").hang());
    let (during, waits) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let path = setup.path(&format!("hung/{caller}"));
                scope.spawn(move || {
                    let start = Instant::now();
                    (fs::metadata(path).map(|_| ()).map_err(|error| error.raw_os_error()), start.elapsed())
                })
            })
            .collect();
        assert!(rule.wait_fired(1, SLACK), "nobody reached the directory that hangs");
        let during = hits_p99(&setup.path("fine"));
        (during, callers.into_iter().map(|caller| caller.join().unwrap()).collect::<Vec<_>>())
    });
    let bound = quiet * 4 + Duration::from_millis(10);
    println!("p99 of hits: {quiet:?} before, {during:?} while {CALLERS} calls hang");
    assert!(during <= bound, "hits suffer: {during:?}, {quiet:?} before");
    for (result, waited) in waits {
        assert_eq!(result, Err(Some(rustix::io::Errno::TIMEDOUT.raw_os_error())));
        assert!(waited <= DEADLINE + SLACK, "answered only after {waited:?}");
    }

    rule.release();
    let back = (0..100).find_map(|_| match fs::read(setup.path("hung/7")) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            std::thread::sleep(Duration::from_millis(50)); // sleep: the interval of a poll with a bound
            None
        }
    });
    assert_eq!(back.as_deref(), Some(&b"7"[..]), "usable again once the backing answers");
}

#[test]
fn it_can_be_unmounted_while_calls_hang() {
    let mut setup = Setup::new();
    fs::metadata(setup.path("hung")).unwrap();
    let rule = setup.faults.add(Rule::any().within("hung").hang());
    let path = setup.path("hung/1");
    let caller = std::thread::spawn(move || fs::metadata(path).is_err());
    assert!(rule.wait_waiting(1, SLACK), "the call did not reach the directory that hangs");

    let start = Instant::now();
    let mount = setup.mount.take().unwrap();
    mount.unmounter().unmount(How::Lazy).unwrap();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(setup.mountpoint.path().to_str().unwrap()), "still mounted");
    drop(mount);
    assert!(start.elapsed() <= DEADLINE + SLACK, "unmounting took {:?}", start.elapsed());
    assert!(caller.join().unwrap(), "the call that hung must fail");
}

#[test]
fn cold_files_asked_for_at_once_are_loaded_at_once() {
    const COLD: usize = 32;
    let setup = Setup::new();
    fs::metadata(setup.path("fine")).unwrap();
    let rule = setup.faults.add(Rule::on(CallKind::ReadMany).hang());
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..COLD)
            .map(|file| (file, setup.path(&format!("fine/{file}"))))
            .map(|(file, path)| {
                scope.spawn(move || assert_eq!(fs::read(path).unwrap(), file.to_string().as_bytes()))
            })
            .collect();
        let all = rule.wait_waiting(COLD, DEADLINE);
        rule.release();
        assert!(all, "more than four serving threads' worth of files wait for the backing at a time");
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
