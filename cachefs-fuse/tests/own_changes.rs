//! What we do ourselves stays done, also where the watch tells us of it as if others had done it.

mod acceptance;

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use acceptance::{MODES, Mounted};
use rustix::fs::{CWD, FileType, Mode, mknodat};

const ROUNDS: usize = 1500;

/// Makes a file and two more names of it, takes them away one by one; answers the step that failed.
fn link_around(directory: &Path, round: usize) -> Result<(), (&'static str, io::Error)> {
    let [one, two, three] = ["a", "b", "c"].map(|name| directory.join(format!("{name}{round}")));
    let step = |what| move |error| (what, error);
    File::create_new(&one).map_err(step("create"))?;
    fs::hard_link(&one, &two).map_err(step("link"))?;
    fs::hard_link(&two, &three).map_err(step("link of the link"))?;
    fs::remove_file(&one).map_err(step("remove the first name"))?;
    assert_eq!(fs::metadata(&two).map_err(step("stat"))?.nlink(), 2, "{}", two.display());
    fs::remove_file(&three).map_err(step("remove the third name"))?;
    assert_eq!(fs::metadata(&two).map_err(step("stat again"))?.nlink(), 1, "{}", two.display());
    fs::rename(&two, &one).map_err(step("rename"))?;
    fs::remove_file(&one).map_err(step("remove the last name"))
}

/// Makes a pipe, which nothing of ours is open of, and moves and links it at once.
fn move_around(directory: &Path, round: usize) -> Result<(), (&'static str, io::Error)> {
    let [one, two, three] = ["p", "q", "r"].map(|name| directory.join(format!("{name}{round}")));
    let step = |what| move |error| (what, error);
    mknodat(CWD, &one, FileType::Fifo, Mode::RWXU, 0).map_err(|error| ("make", error.into()))?;
    fs::rename(&one, &two).map_err(step("rename"))?;
    fs::hard_link(&two, &three).map_err(step("link"))?;
    assert_eq!(fs::symlink_metadata(&two).map_err(step("stat"))?.nlink(), 2, "{}", two.display());
    fs::rename(&two, &one).map_err(step("rename back"))?;
    fs::remove_file(&three).map_err(step("remove the link"))?;
    fs::remove_file(&one).map_err(step("remove the last name"))
}

#[test]
fn names_that_come_and_go_by_us_are_ours() {
    let mut failed = BTreeMap::new();
    for mode in MODES {
        let mounted = Mounted::fresh(mode);
        for round in 0..ROUNDS {
            let directory = mounted.path().join(format!("d{}", round % 7));
            fs::create_dir_all(&directory).unwrap();
            let steps = link_around(&directory, round).and_then(|()| move_around(&directory, round));
            if let Err((step, error)) = steps {
                *failed.entry((mode, step, error.to_string())).or_insert(0) += 1;
            }
        }
        mounted.unmount();
    }
    println!("failed of {ROUNDS} rounds each: {failed:#?}");
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Directories that are held while others are made, long enough for the notices of their making to have come.
const HELD: usize = 100;

#[test]
fn a_directory_that_we_made_has_a_path_as_long_as_it_is_there() {
    let mut lost = BTreeMap::new();
    for mode in MODES {
        let mounted = Mounted::fresh(mode);
        let mut held = VecDeque::new();
        for round in 0..ROUNDS {
            // Some names are used again at once, so that the notice of a removal comes when there is a new one.
            let path = mounted.path().join(format!("d{}", round / 2));
            fs::create_dir(&path).unwrap();
            let directory = File::open(&path).unwrap();
            if round % 2 == 0 {
                fs::remove_dir(&path).unwrap();
                continue;
            }
            held.push_back((path, directory));
            if held.len() > HELD {
                let (path, directory) = held.pop_front().unwrap();
                // What a shell's working directory has to have.
                let shown = fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd())).unwrap();
                if shown != path {
                    *lost.entry(mode).or_insert(0) += 1;
                }
                fs::remove_dir(&path).unwrap();
            }
        }
        drop(held);
        mounted.unmount();
    }
    println!("without a path, of {} directories each: {lost:#?}", ROUNDS / 2 - HELD);
    assert!(lost.is_empty(), "{lost:#?}");
}
