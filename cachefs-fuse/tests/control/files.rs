//! What is held of files, and what forgets it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::back::{self, cachefs, text, told};
use crate::site::wait_until;
use crate::{at, done, filled, said};

#[test]
fn what_is_cached_of_a_path_is_told() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct"]);
    let status = done("status", &[&at(&site, "f")]);
    assert_eq!((&status["cached_bytes"], &status["size_bytes"]), (&json!(0), &json!(100_000)), "{status}");
    fs::read(at(&site, "f")).unwrap();
    let status = done("status", &[&at(&site, "f")]);
    assert_eq!((&status["cached_bytes"], &status["cached_percent"]), (&json!(100_000), &json!(100.0)));
    assert_eq!((&status["kind"], &status["policy"]), (&json!("file"), &json!("s3fifo")), "{status}");
    let modified = fs::metadata(site.source().join("f")).unwrap().modified().unwrap();
    let seconds = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((status["version"]["mtime_seconds"].as_f64().unwrap() - seconds).abs() < 1e-3, "{status}");
    let text = said("status", &[&at(&site, "f")]);
    assert!(text.contains("100 %, 97.66 KiB of 97.66 KiB; what the kernel holds"), "{text}");
    fs::read(at(&site, "d/b")).unwrap();
    let status = done("status", &[&at(&site, "d")]);
    assert_eq!((&status["files"], &status["files_cached"]), (&json!(3), &json!(1)), "{status}");
    assert_eq!((&status["size_bytes"], &status["cached_bytes"]), (&json!(70_010), &json!(70_000)));
    // The mount itself is told of as before.
    assert_eq!(done("status", &[&site.mountpoint()])["stage"], "serving");
    let missing = told("status", &[&at(&site, "none")]);
    assert_eq!(missing.0, 3, "{missing:?}");
}

#[test]
fn a_directory_is_listed_with_what_is_cached() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct"]);
    fs::read(at(&site, "d/b")).unwrap();
    for number in 0..200 {
        fs::write(site.source().join(format!("d/x{number:03}")), b"1").unwrap();
    }
    wait_until("they are seen", || at(&site, "d/x199").exists());
    let listed = done("ls", &[Path::new("--cached"), &at(&site, "d")]);
    let entries = listed["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 203, "{listed}");
    let entry = |name: &str| entries.iter().find(|entry| entry["name"] == name).unwrap();
    assert_eq!(entry("b")["cached_percent"], 100.0, "{listed}");
    assert_eq!(entry("a")["cached_percent"], 0.0, "{listed}");
    assert_eq!((&entry("e")["kind"], &entry("e")["cached_percent"]), (&json!("dir"), &Value::Null));
    let text = said("ls", &[Path::new("--cached"), &at(&site, "d")]);
    assert!(text.contains(" 100%    68.36 KiB  b\n") && text.contains("    -     4.00 KiB  e/"), "{text}");
}

#[test]
fn what_is_evicted_leaves_memory_and_is_read_again() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct"]);
    for path in ["f", "d/a", "d/b"] {
        fs::read(at(&site, path)).unwrap();
    }
    let evicted = done("evict", &[&at(&site, "d")]);
    assert_eq!((&evicted["names"], &evicted["bytes"]), (&json!(5), &json!(70_010)), "{evicted}");
    assert_eq!(done("status", &[&at(&site, "d")])["cached_bytes"], 0);
    assert_eq!(done("status", &[&at(&site, "f")])["cached_bytes"], 100_000, "others stay");
    assert_eq!(fs::read(at(&site, "d/b")).unwrap(), vec![7; 70_000]);
    let text = said("evict", &[&at(&site, "d/*"), &at(&site, "f")]);
    assert!(text.contains("166.02 KiB are out of memory"), "{text}");
    said("evict", &[&site.mountpoint()]);
    assert_eq!(done("stat", &[&site.mountpoint()])["held"]["blocks"], 0);
}

/// As the only writer, the mount believes what it knows for ever, and so does the kernel.
#[test]
fn what_is_invalidated_is_asked_again_by_mount_and_kernel() {
    let site = filled();
    let _daemon = site.mount(&["--coherence", "single"]);
    let read = |path: &str| fs::read(at(&site, path)).unwrap();
    let names = || fs::read_dir(at(&site, "d")).unwrap().count();
    for path in ["f", "d/a", "d/b"] {
        read(path);
    }
    assert_eq!(names(), 3);
    assert!(!at(&site, "d/new").exists());
    for path in ["f", "d/a", "d/b", "d/new"] {
        fs::write(site.source().join(path), b"other").unwrap();
    }
    assert_eq!((read("f"), read("d/a"), names()), (vec![7; 100_000], vec![7; 10], 3), "nobody was told");
    let told = done("invalidate", &[&at(&site, "f")]);
    assert_eq!((&told["names"], &told["bytes"]), (&json!(1), &json!(100_000)), "{told}");
    assert_eq!((read("f"), read("d/a")), (b"other".to_vec(), vec![7; 10]));
    done("invalidate", &[&at(&site, "d/new")]);
    assert_eq!(read("d/new"), b"other", "a name that was missing");
    done("invalidate", &[&at(&site, "**/a")]);
    assert_eq!((read("d/a"), read("d/b")), (b"other".to_vec(), vec![7; 70_000]));
    said("invalidate", &[&at(&site, "d")]);
    assert_eq!((read("d/b"), names()), (b"other".to_vec(), 4));
    fs::remove_file(site.source().join("d/b")).unwrap();
    assert!(at(&site, "d/b").exists(), "nobody was told");
    done("invalidate", &[&at(&site, "d/b")]);
    assert!(!at(&site, "d/b").exists());
    fs::write(site.source().join("f"), b"third").unwrap();
    done("invalidate", &[&site.mountpoint()]);
    wait_until("everything is asked for again", || read("f") == b"third");
    let none = told_nothing(&at(&site, "nothing/*.x"));
    assert_eq!(none, Some(3));
}

fn told_nothing(pattern: &Path) -> Option<i32> {
    cachefs([Path::new("invalidate"), pattern]).status.code()
}

#[test]
fn what_is_refreshed_is_new_and_in_memory() {
    let site = filled();
    let _daemon = site.mount(&["--coherence", "single", "--profile", "direct"]);
    fs::read(at(&site, "d/b")).unwrap();
    fs::write(site.source().join("d/b"), vec![9; 80_000]).unwrap();
    site.settle();
    let refreshed = done("refresh", &[&at(&site, "d")]);
    assert_eq!(refreshed["files"], 3, "{refreshed}");
    let status = done("status", &[&at(&site, "d/b")]);
    assert_eq!(status["cached_bytes"], 80_000, "{status}");
    assert_eq!(fs::read(at(&site, "d/b")).unwrap(), vec![9; 80_000]);
    assert!(said("refresh", &[&at(&site, "d/b")]).starts_with("1 files, 78.12 KiB"));
}

#[test]
fn the_queue_names_what_waits_the_oldest_first() {
    let site = filled();
    let daemon = back::mount(&site, &[]);
    fs::write(at(&site, "one"), vec![1; 3000]).unwrap();
    let age = || done("queue", &[&site.mountpoint()])["files"][0]["age_seconds"].as_f64().unwrap();
    wait_until("it is older than the next", || age() > 0.05);
    fs::write(at(&site, "d/two"), vec![2; 500]).unwrap();
    let queue = done("queue", &[&site.mountpoint()]);
    assert_eq!((&queue["dirty_files"], &queue["dirty_bytes"]), (&json!(2), &json!(3500)), "{queue}");
    let names: Vec<&str> =
        queue["files"].as_array().unwrap().iter().filter_map(|f| f["path"].as_str()).collect();
    assert_eq!(names, ["one", "d/two"], "{queue}");
    assert_eq!(queue["files"][1]["bytes"], 500, "{queue}");
    assert_eq!(
        done("queue", &[Path::new("-n"), Path::new("1"), &site.mountpoint()])["files"][0]["path"],
        "one"
    );
    assert!(said("queue", &[&site.mountpoint()]).contains("2.93 KiB  one\n"));
    assert_eq!(done("status", &[&at(&site, "d")])["dirty_bytes"], 500);
    assert_eq!(done("status", &[&at(&site, "one")])["dirty_bytes"], 3000);
    // What is dirty is no part of the cache: it stays when everything else goes.
    done("invalidate", &[&site.mountpoint()]);
    done("evict", &[&at(&site, "one")]);
    assert_eq!(fs::read(at(&site, "one")).unwrap(), vec![1; 3000]);
    done("flush", &[&site.mountpoint()]);
    assert!(said("queue", &[&site.mountpoint()]).contains("nothing waits"));
    let gone = cachefs([Path::new("queue"), &site.source()]);
    assert_eq!(gone.status.code(), Some(4), "{}", text(&gone));
    drop(daemon);
}
