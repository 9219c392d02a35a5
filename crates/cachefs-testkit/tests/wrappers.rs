//! The slow, the faulty and the counting filesystem.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cachefs_testkit::{CallKind, CountFs, Fault, FaultFs, Rule, SlowFs};
use cachefs_vfs::{
    Access, CreateHow, Errno, MemFs, Mode, Name, Object, OpenHow, Owner, Privileges, RenameHow, VDir, VFile,
    Vfs,
};

/// For what happens within milliseconds unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn create(dir: &dyn VDir, file: &str, bytes: &[u8]) -> Arc<dyn VFile> {
    let how = CreateHow { open: OpenHow::new(Access::ReadWrite), mode: Mode::new(0o644), exclusive: true };
    let file = dir.create(name(file), how, &Owner::process()).unwrap().handle;
    assert_eq!(file.write_at(bytes, 0, Privileges::Keep).unwrap(), bytes.len());
    file
}

fn make_dir(dir: &dyn VDir, sub: &str) -> Arc<dyn VDir> {
    dir.make_dir(name(sub), Mode::new(0o755), &Owner::process()).unwrap();
    dir.dir(name(sub)).unwrap().handle
}

/// `f` of ten bytes in the root, `hung/f` and `other/f`.
fn tree() -> Arc<dyn Vfs> {
    let fs = MemFs::new();
    let root = fs.root().unwrap();
    create(&*root, "f", b"0123456789");
    for dir in ["hung", "other"] {
        create(&*make_dir(&*root, dir), "f", b"0123456789");
    }
    Arc::new(fs)
}

fn open(fs: &dyn Vfs, file: &str) -> Arc<dyn VFile> {
    fs.root().unwrap().open(name(file), OpenHow::new(Access::ReadWrite)).unwrap().handle
}

fn errno<T>(result: cachefs_vfs::Result<T>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

#[test]
fn calls_to_a_slow_filesystem_overlap() {
    const CALLS: u32 = 32;
    let latency = Duration::from_millis(100);
    let fs = SlowFs::new(tree()).latency(latency);
    let root = fs.root().unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..CALLS {
            scope.spawn(|| root.stat(name("f")).unwrap());
        }
    });
    let took = start.elapsed();
    assert!(took >= latency, "{took:?}");
    assert!(took < latency * CALLS / 4, "32 calls of 100 ms took {took:?}");
}

#[test]
fn a_slow_filesystem_serves_so_many_calls_at_once() {
    let latency = Duration::from_millis(20);
    let fs = SlowFs::new(tree()).concurrency(2).latency(latency);
    let root = fs.root().unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| root.stat(name("f")).unwrap());
        }
    });
    assert!(start.elapsed() >= latency * 4, "8 calls, 2 at a time, took {:?}", start.elapsed());
}

#[test]
fn bytes_take_their_time_on_one_line() {
    let fs = SlowFs::new(tree()).bandwidth(1 << 20);
    let file = open(&fs, "f");
    let start = Instant::now();
    thread::scope(|scope| {
        for part in 0..2 {
            let file = &file;
            let write = move || file.write_at(&[1; 50 << 10], part * (50 << 10), Privileges::Keep).unwrap();
            scope.spawn(write);
        }
    });
    assert!(start.elapsed() >= Duration::from_millis(95), "100 KiB took {:?}", start.elapsed());
}

#[test]
fn exactly_the_nth_call_fails() {
    let fs = FaultFs::new(tree());
    let file = open(&fs, "f");
    let rule = fs.add(Rule::on(CallKind::Read).nth(3).fail(Errno::IO));
    let outcomes: Vec<_> = (0..5).map(|_| errno(file.read_at(&mut [0; 4], 0))).collect();
    assert_eq!(outcomes, [None, None, Some(Errno::IO), None, None]);
    assert_eq!((rule.seen(), rule.fired(), fs.fired()), (5, 1, 1));
    assert_eq!(errno(file.attr()), None, "another kind");
}

#[test]
fn rules_strike_every_nth_call_and_so_many_times() {
    let fs = FaultFs::new(tree());
    let root = fs.root().unwrap();
    fs.add(Rule::on(CallKind::Stat).or(CallKind::Open).every(2).times(2).fail(Errno::NOSPC));
    let outcomes: Vec<_> = (0..8).map(|_| root.stat(name("f")).is_err()).collect();
    assert_eq!(outcomes, [false, true, false, true, false, false, false, false]);
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let outcomes = |seed| -> Vec<bool> {
        let fs = FaultFs::new(tree());
        let root = fs.root().unwrap();
        fs.add(Rule::any().chance(300_000, seed));
        (0..200).map(|_| root.stat(name("f")).is_err()).collect()
    };
    assert_eq!(outcomes(1), outcomes(1));
    assert_ne!(outcomes(1), outcomes(2));
    let struck = outcomes(1).into_iter().filter(|struck| *struck).count();
    assert!((30..90).contains(&struck), "{struck} of 200 at 30 %");
}

#[test]
fn rules_find_their_place() {
    let fs = FaultFs::new(tree());
    let root = fs.root().unwrap();
    let hung = root.dir(name("hung")).unwrap().handle;
    let file = hung.open(name("f"), OpenHow::new(Access::Read)).unwrap().handle;
    let id = file.attr().unwrap().id;
    let rule = fs.add(Rule::any().within("hung"));
    assert_eq!(errno(root.stat(name("hung"))), None, "the look-up of the directory is its parent's");
    assert_eq!(errno(root.stat(name("f"))), None);
    assert_eq!(errno(hung.stat(name("f"))), Some(Errno::IO));
    assert_eq!(errno(hung.attr()), Some(Errno::IO));
    assert_eq!(errno(file.read_at(&mut [0; 1], 0)), Some(Errno::IO));
    assert_eq!(errno(fs.open_id(id)), Some(Errno::IO), "an identity seen there is there");
    rule.release();
    let Object::File(again) = fs.open_id(id).unwrap().handle else { panic!("no file") };
    fs.add(Rule::any().at("hung/f").fail(Errno::TIMEDOUT));
    assert_eq!(errno(again.attr()), Some(Errno::TIMEDOUT));
    assert_eq!(errno(hung.stat(name("f"))), Some(Errno::TIMEDOUT));
    assert_eq!(errno(hung.attr()), None);
    let other = root.dir(name("other")).unwrap().handle;
    let renamed = other.rename(name("f"), &*hung, name("f"), RenameHow::Replace);
    assert_eq!(errno(renamed), Some(Errno::TIMEDOUT), "the target counts, too");
    fs.release();
    fs.add(Rule::any().named("f").fail(Errno::NOSPC));
    assert_eq!(errno(other.stat(name("f"))), Some(Errno::NOSPC));
    assert_eq!(errno(root.stat(name("other"))), None);
}

#[test]
fn a_call_hangs_until_it_is_released() {
    let fs = Arc::new(FaultFs::new(tree()));
    let hang = fs.add(Rule::on(CallKind::Read).hang()).release_on_drop();
    let (done, wait) = mpsc::channel();
    let file = open(&*fs, "f");
    let reader = {
        let file = Arc::clone(&file);
        thread::spawn(move || done.send(file.read_at(&mut [0; 4], 0).unwrap()).unwrap())
    };
    assert!(hang.wait_waiting(1, PATIENCE));
    assert!(hang.wait_fired(1, PATIENCE));
    assert_eq!(file.attr().unwrap().size, 10, "other kinds go on");
    assert_eq!(wait.try_recv(), Err(mpsc::TryRecvError::Empty));
    hang.release();
    assert_eq!(wait.recv_timeout(PATIENCE), Ok(4));
    reader.join().unwrap();
    assert_eq!(hang.waiting(), 0);
    assert_eq!(file.read_at(&mut [0; 4], 0).unwrap(), 4, "a released rule is gone");
}

#[test]
fn an_answer_is_late_though_the_call_took_effect() {
    let inner = tree();
    let fs = Arc::new(FaultFs::new(Arc::clone(&inner)));
    let late = fs.add(Rule::on(CallKind::Read).hang_after()).release_on_drop();
    let file = open(&*fs, "f");
    let reader = thread::spawn(move || {
        let mut bytes = [0; 4];
        file.read_at(&mut bytes, 0).unwrap();
        bytes
    });
    assert!(late.wait_waiting(1, PATIENCE));
    open(&*inner, "f").write_at(b"abcd", 0, Privileges::Keep).unwrap();
    late.release();
    assert_eq!(&reader.join().unwrap(), b"0123", "as it was when the filesystem was asked");
}

#[test]
fn dropping_the_filesystem_releases_what_hangs() {
    let fs = FaultFs::new(tree());
    let hang = fs.add(Rule::on(CallKind::Read).hang());
    let file = open(&fs, "f");
    let reader = thread::spawn(move || file.read_at(&mut [0; 4], 0).unwrap());
    assert!(hang.wait_waiting(1, PATIENCE));
    drop(fs);
    assert_eq!(reader.join().unwrap(), 4);
}

#[test]
fn transfers_are_short_and_replies_get_lost() {
    let fs = FaultFs::new(tree());
    let file = open(&fs, "f");
    let short = fs.add(Rule::any().then(Fault::Short(3)));
    assert_eq!(file.read_at(&mut [0; 8], 0).unwrap(), 3);
    let (mut one, mut two) = ([0; 2], [0; 4]);
    let mut both = [std::io::IoSliceMut::new(&mut one), std::io::IoSliceMut::new(&mut two)];
    assert_eq!(file.read_many(&mut both, 2).unwrap(), 3);
    assert_eq!((&one, &two), (b"23", b"4\0\0\0"));
    assert_eq!(file.write_at(b"abcdef", 0, Privileges::Keep).unwrap(), 3);
    short.release();
    fs.add(Rule::on(CallKind::Write).then(Fault::FailAfter(Errno::IO)));
    assert_eq!(errno(file.write_at(b"XY", 8, Privileges::Keep)), Some(Errno::IO));
    let mut bytes = [0; 10];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), 10);
    assert_eq!(&bytes, b"abc34567XY", "three bytes of the short write, both of the one without an answer");
}

#[test]
fn a_delay_delays() {
    let fs = FaultFs::new(tree());
    let root = fs.root().unwrap();
    let delay = Duration::from_millis(30);
    fs.add(Rule::on(CallKind::Stat).nth(1).then(Fault::Delay(delay)));
    let start = Instant::now();
    root.stat(name("f")).unwrap();
    assert!(start.elapsed() >= delay);
}

#[test]
fn calls_and_bytes_are_counted_exactly() {
    let fs = CountFs::new(tree());
    let file = open(&fs, "f");
    let before = fs.snapshot();
    assert_eq!(before.called(), [(CallKind::Root, 1), (CallKind::Open, 1)]);
    file.read_at(&mut [0; 4], 8).unwrap();
    file.write_at(b"abc", 0, Privileges::Keep).unwrap();
    file.append(b"de", Privileges::Keep).unwrap();
    assert_eq!(errno(fs.root().unwrap().stat(name("missing"))), Some(Errno::NOENT));
    let counts = fs.snapshot().since(&before);
    assert_eq!(counts.total(), 5);
    assert_eq!(counts.of(CallKind::Stat), 1, "failed calls are calls");
    assert_eq!((counts.bytes_read, counts.bytes_written), (2, 5));
    assert_eq!(fs.reset().total(), 7);
    assert_eq!(fs.calls(), 0);
    assert!(file.as_fd().is_none() && file.descriptor().is_err(), "no way past the counters");
}

#[test]
fn counts_of_many_threads_add_up() {
    let fs = CountFs::new(tree());
    let root = fs.root().unwrap();
    fs.reset();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1000).for_each(|_| drop(root.stat(name("f")))));
        }
    });
    assert_eq!(fs.snapshot().of(CallKind::Stat), 8000);
}

#[test]
fn handles_of_another_wrapper_are_of_another_filesystem() {
    let inner = tree();
    let (one, other) = (CountFs::new(Arc::clone(&inner)), CountFs::new(Arc::clone(&inner)));
    let (from, to) = (one.root().unwrap(), other.root().unwrap());
    let across = from.rename(name("f"), &*to, name("g"), RenameHow::Replace);
    assert_eq!(errno(across), Some(Errno::XDEV));
    assert_eq!(errno(from.hard_link(name("f"), &*to, name("g"))), Some(Errno::XDEV));
    let beneath = inner.root().unwrap();
    assert_eq!(errno(from.hard_link(name("f"), &*beneath, name("g"))), Some(Errno::XDEV));
    let (from, to) = (open(&one, "f"), open(&other, "f"));
    assert_eq!(errno(from.copy_range(0, &*to, 20, 1, Privileges::Keep)), Some(Errno::XDEV));
}
