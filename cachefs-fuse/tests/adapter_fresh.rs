//! What others change is seen also where the kernel cannot tell by itself.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File, FileTimes};
use std::io::{Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime};

use support::{eventually, local, uncached};

#[test]
fn a_held_descriptor_sees_a_change_that_kept_size_and_time() {
    let fs = local(uncached());
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let write = |text: &str| {
        let file = File::options().write(true).create(true).truncate(false).open(fs.beneath("f")).unwrap();
        file.write_all_at(text.as_bytes(), 0).unwrap();
        file.set_times(FileTimes::new().set_modified(past)).unwrap();
    };
    write("before");
    // A change time as young as this very moment proves nothing.
    let changed = fs::metadata(fs.beneath("f")).unwrap();
    let changed = Duration::new(changed.ctime().unsigned_abs(), u32::try_from(changed.ctime_nsec()).unwrap());
    eventually("another moment", || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        now > changed + Duration::from_millis(100)
    });
    let mut file = File::open(fs.at("f")).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "before");
    write("after!");
    eventually("the new bytes", || {
        assert_eq!(file.metadata().unwrap().len(), 6);
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text == "after!"
    });
}
