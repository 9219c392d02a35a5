//! `cachefs recover`, where it cannot look, or where what it finds is damaged: nothing is taken for nothing.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod back;
mod site;

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use back::{foreground, state, told};
use rustix::process::Signal;
use site::Site;

/// A site with a killed mount: `f` with 4 bytes in the journal, and `g` with 6. Its state directory.
fn left() -> (Site, PathBuf) {
    let site = Site::new();
    let mut daemon = foreground(&site, &[]);
    fs::write(site.mountpoint().join("f"), b"text").unwrap();
    fs::write(site.mountpoint().join("g"), b"a text").unwrap();
    daemon.signal(Signal::KILL);
    daemon.exit_code();
    rustix::mount::unmount(site.mountpoint(), rustix::mount::UnmountFlags::DETACH).unwrap();
    let entry = fs::read_dir(state(&site)).unwrap().next().unwrap().unwrap();
    (site, entry.path())
}

fn recover(site: &Site, more: &[&Path]) -> (i32, serde_json::Value) {
    let (source, state) = (site.source(), state(site));
    told("recover", &[&[source.as_path(), Path::new("--state-dir"), &state], more].concat())
}

fn error(told: &serde_json::Value) -> &str {
    told["error"].as_str().unwrap()
}

#[test]
fn a_journal_that_may_not_be_looked_at_is_told() {
    let (site, place) = left();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    for more in [&[][..], &[Path::new("--dry-run")], &[Path::new("--discard")]] {
        let (code, told) = recover(&site, more);
        assert_eq!(code, 1, "{told}");
        assert!(error(&told).contains("open to other users"), "{told}");
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    let (code, told) = recover(&site, &[Path::new("--dry-run")]);
    assert_eq!((code, told["bytes"].as_u64()), (10, Some(10)), "{told}");
}

#[test]
fn a_journal_that_does_not_say_what_it_is_of_is_told_and_can_be_saved() {
    let (site, place) = left();
    let to = site.top().join("saved");
    for damage in [Some("{"), None] {
        match damage {
            Some(text) => fs::write(place.join("source.json"), text).unwrap(),
            None => fs::remove_file(place.join("source.json")).unwrap(),
        }
        for more in [&[][..], &[Path::new("--dry-run")]] {
            let (code, told) = recover(&site, more);
            assert_eq!(code, 12, "{told}");
            assert!(error(&told).contains("source.json"), "{told}");
        }
        let (code, told) = recover(&site, &[Path::new("--export"), &to]);
        assert_eq!((code, told["bytes"].as_u64()), (0, Some(10)), "{told}");
        assert_eq!(fs::read(to.join("files/f")).unwrap(), b"text");
        // An earlier export stays as it is, and nothing is copied in vain.
        let (code, told) = recover(&site, &[Path::new("--export"), &to]);
        assert!(code == 1 && error(&told).contains("earlier export"), "{told}");
        fs::remove_dir_all(&to).unwrap();
    }
}

#[test]
fn where_nothing_is_looked_for_is_told() {
    let site = Site::new();
    let (code, told) = recover(&site, &[]);
    assert_eq!(code, 3, "{told}");
    assert!(error(&told).contains("state does not exist"), "{told}");
    fs::create_dir(state(&site)).unwrap();
    let (code, told) = recover(&site, &[]);
    assert_eq!((code, told["state_dir"].as_str()), (0, state(&site).to_str()), "{told}");
}

#[test]
fn a_journal_that_was_kept_elsewhere_is_found_where_that_is_left_unsaid() {
    let (site, _) = left();
    let (code, shown) = told("recover", &[&site.source(), Path::new("--dry-run")]);
    assert_eq!((code, shown["bytes"].as_u64()), (10, Some(10)), "{shown}");
    let (code, done) = told("recover", &[&site.source()]);
    assert_eq!((code, done["files"].as_u64()), (0, Some(2)), "{done}");
    assert_eq!(fs::read(site.source().join("f")).unwrap(), b"text");
}

#[test]
fn what_a_damaged_journal_lost_is_told_where_it_is_saved() {
    let (site, place) = left();
    let journal = fs::read_dir(place.join("journal")).unwrap();
    let segment = journal.map(|entry| entry.unwrap().path()).max().unwrap();
    let text = fs::read(&segment).unwrap();
    // What lies before a whole record was whole once.
    let at = text.windows(4).position(|bytes| bytes == b"text").unwrap();
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(b"TEXT", at as u64).unwrap();
    let to = site.top().join("saved");
    let (code, told) = recover(&site, &[Path::new("--export"), &to]);
    assert_eq!(code, 12, "{told}");
    assert_eq!(told["damaged"].as_array().map(Vec::len), Some(1), "{told}");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(to.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["lost"].as_array().map(Vec::len), Some(1), "{manifest}");
    assert_eq!(fs::read(to.join("files/g")).unwrap(), b"a text");
}

#[test]
fn a_journal_that_does_not_say_what_it_is_of_is_dropped_only_by_its_name() {
    let (site, place) = left();
    let (journal, discard) = (place.join("journal"), Path::new("--discard"));
    for damage in [Some("{"), None] {
        match damage {
            Some(text) => fs::write(place.join("source.json"), text).unwrap(),
            None => fs::remove_file(place.join("source.json")).unwrap(),
        }
        let other = site.source();
        for more in [&[discard][..], &[discard, Path::new("--journal"), &other]] {
            let (code, told) = recover(&site, more);
            assert_eq!(code, 12, "{told}");
            assert!(error(&told).contains(&format!("--journal {}", journal.display())), "{told}");
        }
    }
    let held = fs::File::open(place.join("lock")).unwrap();
    held.lock_shared().unwrap();
    assert_eq!(recover(&site, &[discard, Path::new("--journal"), &journal]).0, 5, "somebody has it");
    drop(held);
    let (source, state) = (site.source(), state(&site));
    let words = ["recover", "--discard", "--journal"].map(Path::new);
    let rest = [&*journal, &*source, Path::new("--state-dir"), &*state];
    let output = back::cachefs(words.iter().chain(&rest));
    let shown = back::text(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("dropping 10 B of 2 files (") && shown.contains("dropped 10 B"), "{shown}");
    // As if there had been nothing.
    let _next = back::mount(&site, &[]);
    assert_eq!(fs::metadata(site.mountpoint().join("f")).unwrap().len(), 0);
    assert_eq!(told("umount", &[&site.mountpoint()]).0, 0);
}

#[test]
fn no_journal_is_dropped_in_place_of_the_one_that_was_named() {
    let ((site, place), (other, others)) = (left(), left());
    let drop = |journal: &Path| recover(&site, &[Path::new("--discard"), Path::new("--journal"), journal]);
    let (code, told) = drop(&others.join("journal"));
    assert!(code == 1 && error(&told).contains("is not the journal of the source"), "{told}");
    for site in [&site, &other] {
        assert_eq!(recover(site, &[Path::new("--dry-run")]).0, 10, "it is still there");
    }
    let (code, told) = drop(&place.join("journal"));
    assert_eq!((code, told["bytes"].as_u64()), (0, Some(10)), "{told}");
    fs::remove_dir_all(&place).unwrap();
    assert_eq!(drop(&others.join("journal")).0, 1, "and none is not taken for that one");
}
