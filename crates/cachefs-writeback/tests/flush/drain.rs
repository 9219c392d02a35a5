use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cachefs_testkit::{CallKind, Rule};
use cachefs_vfs::Errno;
use cachefs_writeback::{Config, DrainHow};

use super::bench::{Bench, PATIENCE, config, until, write};

#[test]
fn a_drain_says_how_far_it_is_and_leaves_nothing() {
    let bench = Bench::with(Config { flushers: 2, flush_after: PATIENCE, dirty_age: PATIENCE, ..config() });
    for file in 0..20 {
        drop(bench.dirty(&format!("f{file}"), &[1; 1000]));
    }
    let mut seen = Vec::new();
    let drained = bench.fs.drain(&DrainHow::default(), &mut |progress| seen.push(*progress));
    assert_eq!((drained.files, drained.bytes, drained.remaining.len()), (20, 20_000, 0));
    let last = seen.last().unwrap();
    assert_eq!((last.files, last.files_left, last.bytes, last.bytes_left), (20, 0, 20_000, 0));
    assert!((0..20).all(|file| bench.beneath(&format!("f{file}")) == [1; 1000]));
}

#[test]
fn a_deadline_holds_though_the_backing_hangs_and_what_remains_is_named() {
    let bench = Bench::new();
    let (stuck, _free) = (bench.dirty("stuck", b"one"), bench.dirty("free", b"three"));
    let hang = bench.backing.add(Rule::on(CallKind::Write).at("stuck").hang()).release_on_drop();
    let start = Instant::now();
    let how = DrainHow { deadline: Some(Duration::from_millis(400)), ..DrainHow::default() };
    let drained = bench.fs.drain(&how, &mut |_| ());
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(390) && took < Duration::from_secs(5), "{took:?}");
    let remaining: Vec<_> = drained.remaining.iter().map(|file| (file.path.to_str(), file.bytes)).collect();
    assert!(remaining.contains(&(Some("stuck"), 3)), "{remaining:?}");
    write(&*stuck, b"more", 3);
    hang.release();
    bench.flush();
    assert_eq!((bench.beneath("stuck"), bench.beneath("free")), (b"onemore".to_vec(), b"three".to_vec()));
}

#[test]
fn a_drain_tries_again_and_can_be_cancelled() {
    let bench = Bench::new();
    let _file = bench.dirty("f", b"dirty");
    let twice = bench.backing.add(Rule::on(CallKind::Write).times(2).fail(Errno::IO));
    let how = DrainHow { deadline: Some(PATIENCE), ..DrainHow::default() };
    assert!(bench.fs.drain(&how, &mut |_| ()).remaining.is_empty());
    assert_eq!((twice.fired(), bench.beneath("f")), (2, b"dirty".to_vec()));

    let _file = bench.dirty("f", b"again");
    bench.backing.add(Rule::on(CallKind::Write).fail(Errno::NOSPC));
    let cancel = Arc::new(AtomicBool::new(false));
    let how = DrainHow { deadline: Some(PATIENCE), cancel: Arc::clone(&cancel) };
    let start = Instant::now();
    let drained = bench.fs.drain(&how, &mut |_| cancel.store(true, Ordering::Release));
    assert!(start.elapsed() < PATIENCE / 2);
    assert_eq!(drained.remaining.len(), 1);
    assert_eq!(drained.remaining[0].error.as_ref().map(cachefs_vfs::Error::errno), Some(Errno::NOSPC));
    let ended = bench.fs.drain(&DrainHow::default(), &mut |_| ());
    assert_eq!(ended.remaining.len(), 1, "without a deadline it ends when nothing helps");
}

#[test]
fn threads_flush_what_was_left_alone() {
    let soon = Duration::from_millis(5);
    let (flush_after, dirty_age) = (soon, soon);
    let bench = Bench::with(Config { flushers: 3, flush_after, dirty_age, ..config() });
    let files: Vec<_> = (0..30).map(|file| bench.dirty(&format!("f{file}"), &[2; 5000])).collect();
    until("all is flushed", || {
        bench.clock.advance(soon);
        bench.fs.status().dirty_files == 0
    });
    assert!((0..30).all(|file| bench.beneath(&format!("f{file}")) == [2; 5000]));
    drop(files);
}

#[test]
fn writers_flush_when_too_many_files_are_dirty() {
    let bench = Bench::with(Config { files_max: 4, ..config() });
    for file in 0..12 {
        drop(bench.dirty(&format!("f{file}"), b"dirty"));
        assert!(bench.fs.status().dirty_files <= 4);
    }
    assert_eq!(bench.beneath("f0"), b"dirty", "the oldest first");
    bench.flush();
    assert_eq!(bench.beneath("f11"), b"dirty");
}

#[test]
fn flushes_of_a_subtree_and_of_a_file_leave_the_others() {
    use cachefs_vfs::VfsExt;
    let bench = Bench::new();
    bench.fs.create_dir_all("d/e").unwrap();
    for path in ["f", "d/f", "d/e/f", "d/e/g"] {
        bench.fs.write(path, b"dirty").unwrap();
    }
    bench.fs.flush_path("d/e/g".as_ref()).unwrap();
    assert_eq!((bench.beneath("d/e/g"), bench.beneath("d/e/f")), (b"dirty".to_vec(), Vec::new()));
    bench.fs.rename("d", "moved").unwrap();
    bench.fs.flush_subtree("moved/e".as_ref()).unwrap();
    assert_eq!((bench.beneath("moved/e/f"), bench.beneath("moved/f")), (b"dirty".to_vec(), Vec::new()));
    assert_eq!(bench.fs.status().dirty_files, 2);
}

#[test]
fn flushes_that_were_left_in_a_backing_that_hangs_do_not_pile_up() {
    let bench = Bench::new();
    let file = bench.dirty("stuck", b"dirty");
    let hang = bench.backing.add(Rule::on(CallKind::Write).at("stuck").hang()).release_on_drop();
    for _ in 0..60 {
        let left = bench.fs.flush_all(Some(Duration::from_millis(2)), &mut |_| ()).remaining;
        assert_eq!(left.len(), 1, "it is still dirty");
    }
    let names = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = names.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    let threads = names.filter(|name| name.trim() == "drain").count();
    // Those of other tests are few.
    assert!((1..40).contains(&threads), "{threads} threads hang");
    drop(hang);
    until("those who hung are gone", || {
        let left = bench.fs.flush_all(Some(Duration::from_secs(1)), &mut |_| ()).remaining;
        left.is_empty()
    });
    assert_eq!(bench.beneath("stuck"), b"dirty");
    drop(file);
}

/// A file that is flushed by writes of a mebibyte.
fn big(bench: &Bench, mebibytes: u64) {
    let file = bench.open("big");
    (0..mebibytes * 4).for_each(|part| write(&*file, &[7; 256 << 10], part * (256 << 10)));
}

#[test]
fn a_drain_gets_on_while_one_big_file_is_flushed() {
    let bench = Bench::new();
    big(&bench, 4);
    let hang = bench.backing.add(Rule::on(CallKind::Write).nth(3).hang()).release_on_drop();
    let how = DrainHow { deadline: Some(PATIENCE), ..DrainHow::default() };
    let mut seen = 0;
    let drained = bench.fs.drain(&how, &mut |progress| {
        if hang.waiting() == 1 {
            seen = progress.bytes;
            hang.release();
        }
    });
    assert_eq!((seen, drained.bytes, drained.remaining.len()), (2 << 20, 4 << 20, 0));
}

#[test]
fn a_drain_does_not_get_on_by_trying_in_vain() {
    let bench = Bench::new();
    big(&bench, 2);
    let fail = bench.backing.add(Rule::on(CallKind::Write).every(2).fail(Errno::IO));
    let how = DrainHow { deadline: Some(PATIENCE), ..DrainHow::default() };
    let (mut most, cancel) = (0, Arc::clone(&how.cancel));
    let drained = bench.fs.drain(&how, &mut |progress| {
        assert!(progress.bytes >= most && progress.bytes <= 1 << 20, "{progress:?}");
        most = progress.bytes;
        cancel.store(fail.fired() >= 3, Ordering::Release);
    });
    assert_eq!((drained.bytes, drained.remaining.len()), (0, 1));
}
