//! How other caches lose what was written, and ours does not: fsync, umount, and what happens to dirty bytes meanwhile.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod disks;
mod site;

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use back::{Faulty, cachefs, foreground, mount, pattern, state, told};
use cachefs_testkit::{CallKind, Rule};
use disks::FaultyDisk;
use rustix::mount::{UnmountFlags, unmount};
use rustix::process::Signal;
use site::{Daemon, PATIENCE, Site, is_root, run, wait_until};

/// Every call that makes something durable.
fn syncs() -> Rule {
    Rule::on(CallKind::SyncFile).or(CallKind::SyncDir)
}

/// Has another thread fsync a file; what it answered comes when it came.
fn fsync(file: &File) -> Receiver<std::io::Result<()>> {
    let (tell, told) = channel();
    let file = file.try_clone().unwrap();
    thread::spawn(move || tell.send(file.sync_all()));
    told
}

/// Leaves a mount as a crash of the daemon does.
fn kill(site: &Site, daemon: &mut Daemon) {
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    unmount(site.mountpoint(), UnmountFlags::DETACH).unwrap();
}

/// Peers' failure c: fsync returns, and the bytes are nowhere. Here in the source, by its own fsync.
#[test]
fn fsync_returns_when_the_source_has_the_bytes() {
    for mode in [&["--mode", "back", "--durability", "backing"][..], &["--mode", "through"]] {
        let faulty = Faulty::new(0);
        let site = &faulty.site;
        let mut daemon = match mode[1] {
            "back" => foreground(site, &mode[2..]),
            _ => Daemon::in_foreground(&mut site.command(mode)),
        };
        let file = File::create(site.mountpoint().join("f")).unwrap();
        file.write_all_at(&pattern(100_000, 1), 0).unwrap();
        let hung = faulty.faults.add(Rule::on(CallKind::SyncFile).hang()).release_on_drop();
        let answer = fsync(&file);
        assert!(hung.wait_waiting(1, PATIENCE), "{mode:?}: the source is synced");
        assert_eq!(answer.try_recv().unwrap_err(), TryRecvError::Empty, "{mode:?}: before it returns");
        drop(hung);
        answer.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(fs::read(faulty.beneath("f")).unwrap(), pattern(100_000, 1), "{mode:?}");
        // A sync that fails is told of, not forgotten.
        file.write_all_at(b"more", 0).unwrap();
        let broken = faulty.faults.add(Rule::on(CallKind::SyncFile)).release_on_drop();
        assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(5), "{mode:?}");
        drop((broken, file));
        kill(site, &mut daemon);
        assert_eq!(fs::read(faulty.beneath("f")).unwrap()[4..], pattern(100_000, 1)[4..], "{mode:?}");
    }
}

/// The same where fsync promises the journal: its disk is synced, and what is there comes back.
#[test]
fn fsync_returns_when_the_journal_is_on_its_disk() {
    let site = Site::new();
    let disk = FaultyDisk::on(&state(&site), &site.top().join("state-beneath"));
    let mut daemon = foreground(&site, &[]);
    let file = File::create(site.mountpoint().join("f")).unwrap();
    file.write_all_at(&pattern(100_000, 1), 0).unwrap();
    for fsynced in [File::sync_all, File::sync_data] {
        file.write_all_at(b"again", 0).unwrap();
        let hung = disk.faults.add(syncs().hang()).release_on_drop();
        let answer = fsync(&file);
        assert!(hung.wait_waiting(1, PATIENCE), "the journal is synced");
        assert_eq!(answer.try_recv().unwrap_err(), TryRecvError::Empty, "before it returns");
        drop(hung);
        answer.recv_timeout(PATIENCE).unwrap().unwrap();
        fsynced(&file).unwrap();
    }
    // A directory's is for all beneath it.
    file.write_all_at(b"last!", 0).unwrap();
    let seen = disk.faults.add(syncs().then(cachefs_testkit::Fault::Delay(std::time::Duration::ZERO)));
    File::open(site.mountpoint()).unwrap().sync_all().unwrap();
    assert!(seen.fired() > 0, "fsync of a directory syncs the journal");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"", "nothing but the journal has it");
    drop(file);
    kill(&site, &mut daemon);
    let _next = mount(&site, &[]);
    let mut expected = pattern(100_000, 1);
    expected[..5].copy_from_slice(b"last!");
    assert_eq!(fs::read(site.mountpoint().join("f")).unwrap(), expected);
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
    assert_eq!(fs::read(site.source().join("f")).unwrap(), expected);
}

/// The ways to unmount, each with whether it waits until the source has everything.
fn ways(site: &Site) -> Vec<(Vec<String>, bool)> {
    let helper = site.top().join("umount.fuse.cachefs");
    symlink(env!("CARGO_BIN_EXE_cachefs"), &helper).unwrap();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut ways = vec![
        (words(&format!("{} umount", env!("CARGO_BIN_EXE_cachefs"))), true),
        (words(&helper.display().to_string()), true),
        (words("fusermount3 -u"), false),
        (words("fusermount3 -u -z"), false),
    ];
    if is_root() {
        ways.extend([(words("umount -i"), false), (words("umount -i -l"), false)]);
    }
    ways
}

/// Peers' failure d: written, unmounted at once without an error, and the bytes are not there.
#[test]
fn who_unmounts_at_once_loses_nothing() {
    for way in 0.. {
        let faulty = Faulty::new(16 << 20);
        let site = &faulty.site;
        let Some((words, waits)) = ways(site).into_iter().nth(way) else { break };
        let mut daemon = foreground(site, &[]);
        fs::write(site.mountpoint().join("new"), pattern(3 << 20, 1)).unwrap();
        let output = run(Command::new(&words[0]).args(&words[1..]).arg(site.mountpoint()));
        assert!(output.status.success(), "{words:?}: {output:?}");
        let there = || fs::read(faulty.beneath("new")).unwrap() == pattern(3 << 20, 1);
        assert!(!waits || there(), "{words:?} returned before the source had the bytes");
        // The daemon goes on until they are there, and says so by its own code.
        assert_eq!(daemon.exit_code(), Some(0), "{words:?}");
        assert!(there(), "{words:?}");
    }
}

/// What cannot be written is no success, and comes back.
#[test]
fn who_unmounts_before_a_source_that_takes_nothing_is_told() {
    for (way, expected) in [(0, 10), (2, 0)] {
        let faulty = Faulty::new(0);
        let site = &faulty.site;
        let mut daemon = foreground(site, &["--drain-patience", "500ms"]);
        fs::write(site.mountpoint().join("new"), pattern(100_000, 1)).unwrap();
        let full = faulty.faults.add(Rule::on(CallKind::Write).fail(cachefs_vfs::Errno::NOSPC));
        let (words, _) = ways(site).remove(way);
        let output: Output = run(Command::new(&words[0]).args(&words[1..]).arg(site.mountpoint()));
        assert_eq!(output.status.code(), Some(expected), "{words:?}: {output:?}");
        assert_eq!(daemon.exit_code(), Some(10), "{words:?}");
        site.wait_logged("of 1 files stay in the journal");
        full.release();
        let _next = mount(site, &[]);
        assert_eq!(fs::read(site.mountpoint().join("new")).unwrap(), pattern(100_000, 1), "{words:?}");
        assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
        assert_eq!(fs::read(faulty.beneath("new")).unwrap(), pattern(100_000, 1), "{words:?}");
    }
}

/// Peers' failure e: dirty bytes that are dropped by a rename, a truncation, the end of a lifetime, a change nearby, or
/// because memory is full.
#[test]
fn dirty_bytes_survive_whatever_happens_meanwhile() {
    for coherence in ["ttl=1ms", "open", "watch", "single"] {
        let site = Site::with_file("old", &pattern(300_000, 9));
        let _daemon = mount(&site, &["--coherence", coherence, "--memory", "16M", "--handles-max", "64"]);
        let (at, source) = (|name: &str| site.mountpoint().join(name), |name: &str| site.source().join(name));
        fs::create_dir(at("dir")).unwrap();
        for file in 0..40 {
            fs::write(at(&format!("dir/{file}")), pattern(200_000, file)).unwrap();
        }
        File::options().write(true).open(at("old")).unwrap().write_all_at(&[1; 5], 1000).unwrap();
        // Renamed, its directory too; cut; linked; another file replaced.
        fs::rename(at("dir/0"), at("dir/zero")).unwrap();
        fs::rename(at("dir"), at("moved")).unwrap();
        File::options().write(true).open(at("moved/1")).unwrap().set_len(70_000).unwrap();
        fs::hard_link(at("moved/2"), at("linked")).unwrap();
        fs::rename(at("moved/3"), at("moved/4")).unwrap();
        // Others work in the same directory, and more is read than fits into memory.
        fs::write(source("moved/theirs"), pattern(100_000, 77)).unwrap();
        fs::rename(source("moved/theirs"), source("moved/theirs too")).unwrap();
        File::create(source("big")).unwrap().set_len(64 << 20).unwrap();
        wait_until("what others made is seen", || at("big").exists() && at("moved/theirs too").exists());
        std::io::copy(&mut File::open(at("big")).unwrap(), &mut std::io::sink()).unwrap();

        let mut old = pattern(300_000, 9);
        old[1000..1005].fill(1);
        let mut expected = vec![("old".to_owned(), old), ("moved/zero".to_owned(), pattern(200_000, 0))];
        expected.push(("moved/1".to_owned(), pattern(70_000, 1)));
        expected.push(("linked".to_owned(), pattern(200_000, 2)));
        expected.push(("moved/4".to_owned(), pattern(200_000, 3)));
        expected.extend((5..40).map(|file| (format!("moved/{file}"), pattern(200_000, file))));
        for (name, bytes) in &expected {
            assert!(fs::read(at(name)).unwrap() == *bytes, "{coherence}: {name} on the mount");
        }
        assert_eq!(fs::read(source("old")).unwrap(), pattern(300_000, 9), "{coherence}: not flushed yet");
        assert_eq!(told("umount", &[&site.mountpoint()]).0, 0, "{coherence}");
        for (name, bytes) in &expected {
            assert!(fs::read(source(name)).unwrap() == *bytes, "{coherence}: {name} in the source");
        }
        let names = fs::read_dir(source("moved")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.count(), 40, "{coherence}: 39 of ours, and theirs");
    }
}

/// Peers' failure f: ten bytes in the midst of a file become its end, or go to it.
#[test]
fn an_overwrite_in_the_midst_changes_nothing_else() {
    for mode in ["back", "through"] {
        let site = Site::with_file("f", &pattern(1 << 20, 3));
        let _daemon: Daemon = match mode {
            "back" => mount(&site, &[]),
            _ => site.mount(&["--mode", mode]),
        };
        let path: &Path = &site.mountpoint().join("f");
        let file = File::options().write(true).open(path).unwrap();
        file.write_all_at(b"ten bytes!", 500_000).unwrap();
        drop(file);
        let mut expected = pattern(1 << 20, 3);
        expected[500_000..500_010].copy_from_slice(b"ten bytes!");
        assert!(fs::read(path).unwrap() == expected, "{mode}: on the mount");
        assert_eq!(fs::metadata(path).unwrap().len(), 1 << 20, "{mode}");
        if mode == "back" {
            assert!(fs::read(site.source().join("f")).unwrap() == pattern(1 << 20, 3), "not yet");
            let (_, status) = told("status", &[&site.mountpoint()]);
            assert_eq!(status["write_back"]["dirty_bytes"], 10, "{status}");
        }
        assert!(cachefs([Path::new("umount"), &site.mountpoint()]).status.success());
        assert!(fs::read(site.source().join("f")).unwrap() == expected, "{mode}: in the source");
    }
}
