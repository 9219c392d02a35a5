//! Small files that were read once are read again without a request, and a new one costs few.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says what it saw"
)]

mod acceptance;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use acceptance::{Locked, Mounted, Requests, free_address, is_root, required, undisturbed, wait_for};

const FILES: usize = 4000;
const NEW: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(5);

/// What each mode of being told is called.
const UNASKED: [&str; 5] = [
    "--coherence=watch:directories",
    "--coherence=watch:directories --assume-no-growth",
    "--coherence=watch:inotify",
    "--coherence=watch:inotify --assume-no-growth",
    "--coherence=single",
];
/// Those that take root.
const OF_ALL: [&str; 2] = ["--coherence=watch:filesystem", "--coherence=watch:filesystem --assume-no-growth"];

fn modes() -> Vec<&'static str> {
    let of_all = OF_ALL.into_iter().filter(|_| is_root());
    UNASKED.into_iter().chain(of_all).collect()
}

fn has(mode: &str, words: &[&str]) -> bool {
    words.iter().any(|word| mode.contains(word))
}

fn mount(source: &Path, mode: &str) -> (Mounted, SocketAddr) {
    let metrics = free_address();
    let fixed = ["--profile=pages".to_owned(), format!("--metrics={metrics}")];
    let arguments: Vec<&str> = fixed.iter().map(String::as_str).chain(mode.split(' ')).collect();
    (Mounted::over(source, &arguments), metrics)
}

/// What something sends; where others may make files longer, the kernel asks for each opening besides.
fn sent(mode: &str, metrics: SocketAddr, act: impl FnOnce()) -> Requests {
    let sent = Requests::sent(metrics, act);
    if has(mode, &["single", "no-growth"]) { sent } else { sent.without_opening() }
}

/// Of 0 to 16 KiB, as source trees have them.
fn length(number: usize) -> usize {
    number * 37 % 16_384
}

fn make_files(source: &Path) {
    for number in 0..FILES {
        if number % 100 == 0 {
            fs::create_dir(source.join(format!("d{}", number / 100))).unwrap();
        }
        fs::write(path(source, number), vec![b'x'; length(number)]).unwrap();
    }
}

fn path(root: &Path, number: usize) -> std::path::PathBuf {
    root.join(format!("d{}/f{number}", number / 100))
}

/// Opens, reads to the end and closes all of them; nothing else, not even `fstat`.
fn read_files(root: &Path) {
    let mut buffer = vec![0; 1 << 15];
    for number in 0..FILES {
        let mut file = File::open(path(root, number)).unwrap();
        let mut done = 0;
        loop {
            match file.read(&mut buffer[done..]).unwrap() {
                0 => break,
                count => done += count,
            }
        }
        assert_eq!(done, length(number));
    }
}

fn lock_files(root: &Path) -> Locked {
    Locked::files((0..FILES).map(|number| (path(root, number), length(number))))
}

/// Until a pass asks nothing: what is watched only once it was looked at is asked about a second time.
fn read_files_until_silent(root: &Path, mode: &str, metrics: SocketAddr) -> Option<()> {
    wait_for(PATIENCE, || sent(mode, metrics, || read_files(root)).is_empty().then_some(()))
}

#[test]
fn the_second_pass_over_small_files_is_silent() {
    let source = tempfile::tempdir().unwrap();
    make_files(source.path());
    for mode in modes() {
        undisturbed(|| second_pass(source.path(), mode));
    }
}

fn second_pass(source: &Path, mode: &str) -> Result<(), String> {
    let (mounted, metrics) = mount(source, mode);
    let piecemeal = has(mode, &["directories", "inotify"]);
    let read = || sent(mode, metrics, || read_files(mounted.path()));
    let first = read();
    let mut locked = None;
    let locking = sent(mode, metrics, || locked = is_root().then(|| lock_files(mounted.path())));
    let [second, third] = std::array::from_fn(|_| {
        // Directory by directory, one is watched only once it was looked at: it is asked about once more, later.
        if piecemeal {
            std::thread::sleep(Duration::from_millis(1100)); // sleep: it is time itself that must change nothing more
        }
        read()
    });
    drop(locked);
    println!("{mode}: {FILES} files: first {first:?}, second {second:?}, third {third:?}");
    assert!(first.of("lookup") >= FILES as f64, "{mode}: requests are counted: {first:?}");
    let directories = if piecemeal { FILES / 100 + 1 } else { 0 };
    let attributes = locking.of("getattr") + second.of("getattr");
    let asked = locking.total() - locking.of("read") + second.total();
    let expected = asked == attributes && attributes <= directories as f64;
    ensure!(expected, "{mode}: mapping what was read asked {locking:?}, the second pass {second:?}");
    ensure!(third.is_empty(), "{mode}: the third pass asked {third:?}");

    // A read leaves one thing to be asked: the kernel does not believe the access time any more.
    let stat = |number: usize| {
        let file = File::open(path(mounted.path(), number)).unwrap();
        assert_eq!(file.metadata().unwrap().len(), length(number) as u64);
    };
    let ask = || sent(mode, metrics, || (0..100).for_each(stat));
    let (once, twice) = (ask(), ask());
    println!("{mode}: 100 files read before: first fstat {once:?}, second {twice:?}");
    ensure!(once.total() <= 100.0 && once.total() == once.of("getattr"), "{mode}: fstat asked {once:?}");
    ensure!(twice.is_empty(), "{mode}: a second fstat asked {twice:?}");
    mounted.unmount();
    Ok(())
}

/// Those that know which changes are our own.
fn modes_that_know_us() -> Vec<&'static str> {
    modes().into_iter().filter(|mode| !has(mode, &["inotify"])).collect()
}

#[test]
fn a_new_file_costs_few_requests() {
    for mode in modes_that_know_us() {
        undisturbed(|| new_files(mode));
    }
}

/// What we answer to is a look-up, the creation and the write. The kernel adds two of its own: whether the file has
/// capabilities that the first write takes away, and the attributes of the directory, which changed, for permission to
/// go on in it. It keeps no time of a file that it wrote to, so that the first `stat` asks.
fn new_files(mode: &str) -> Result<(), String> {
    let source = tempfile::tempdir().unwrap();
    let (mounted, metrics) = mount(source.path(), mode);
    let directory = mounted.path().join("dir");
    fs::create_dir(&directory).unwrap();
    let name = |number: u32| directory.join(format!("new-{number}"));
    let make = |number: u32| File::create(name(number)).unwrap().write_all(&[b'x'; 4096]).unwrap();
    // The first one is told that there is no need to open, to flush, or to close.
    make(0);
    let stat = |number: u32| assert_eq!(fs::metadata(name(number)).unwrap().len(), 4096);
    let made = sent(mode, metrics, || (1..=NEW).for_each(make));
    let [seen, again] = std::array::from_fn(|_| sent(mode, metrics, || (1..=NEW).for_each(stat)));
    println!("{mode}: {NEW} new files: {made:?}; stat {seen:?}, again {again:?}");
    let each = f64::from(NEW);
    let ours = made.of("lookup") + made.of("create") + made.of("write");
    assert!(made.of("create") == each, "{mode}: requests are counted: {made:?}");
    ensure!(ours <= 3.0 * each, "{mode}: made by {made:?}");
    let the_kernels = made.of("getxattr").max(made.of("getattr")) <= each + 1.0;
    let nothing_else = made.total() == ours + made.of("getxattr") + made.of("getattr");
    ensure!(the_kernels && nothing_else, "{mode}: made by {made:?}");
    ensure!(seen.total() == seen.of("getattr") && seen.total() <= each + 1.0, "{mode}: stat asked {seen:?}");
    ensure!(again.is_empty(), "{mode}: a second stat asked {again:?}");
    mounted.unmount();
    Ok(())
}

/// Silence is not deafness.
#[test]
fn a_change_by_others_is_asked_for_once() {
    if !required(is_root(), "root, to watch a filesystem") {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    make_files(source.path());
    for (mode, byte) in OF_ALL.into_iter().zip(*b"yz") {
        let (mounted, metrics) = mount(source.path(), mode);
        read_files(mounted.path());
        let changed = path(source.path(), 77);
        fs::write(&changed, vec![byte; length(77)]).unwrap();
        let seen = || (fs::read(path(mounted.path(), 77)).unwrap() == vec![byte; length(77)]).then_some(());
        assert!(wait_for(PATIENCE, seen).is_some(), "{mode}: the change is not seen");
        assert!(read_files_until_silent(mounted.path(), mode, metrics).is_some(), "{mode}: still asked");
        mounted.unmount();
    }
}
