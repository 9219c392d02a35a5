//! What the mount holds stays within its limits.

#[expect(dead_code, reason = "shared by several tests, each of which uses a part")]
mod support;

use std::fs::{self, File};
use std::time::Duration;

use cachefs_fuse::MountConfig;
use rustix::fs::{AtFlags, Mode, OFlags};
use support::{config, eventually, local, uncached};

#[test]
fn above_its_limit_the_kernel_is_asked_to_forget() {
    let hour = Duration::from_secs(3600);
    let fs = local(MountConfig { inodes_max: 500, attr_ttl: hour, entry_ttl: hour, ..config() });
    for n in 0..5_000 {
        File::create(fs.beneath(format!("{n}"))).unwrap();
    }
    let open = File::open(fs.at("4999")).unwrap();
    for n in 0..5_000 {
        assert!(fs.at(format!("{n}")).exists());
    }
    eventually("forgetting", || fs.mount().requests().inodes <= 501);
    assert_eq!(open.metadata().unwrap().len(), 0);
    assert_eq!(fs::read_dir(fs.at("")).unwrap().count(), 5_000);
}

#[test]
fn many_files_take_few_handles() {
    let fs = local(MountConfig { handles_max: 64, ..config() });
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    for n in 0..3_000 {
        fs::create_dir(fs.at(format!("d{n}"))).unwrap();
        fs::write(fs.at(format!("d{n}/f")), "x").unwrap();
    }
    for n in 0..3_000 {
        assert_eq!(fs::read_to_string(fs.at(format!("d{n}/f"))).unwrap(), "x");
    }
    // Other tests of this process have files open as well.
    eventually("closing", || descriptors() < before + 200);
    let requests = fs.mount().requests();
    assert!(requests.handles <= 64 && requests.pinned == 0, "{} and {}", requests.handles, requests.pinned);
}

#[test]
fn more_files_can_be_open_than_there_may_be_handles() {
    let fs = local(MountConfig { handles_max: 8, open_files_max: 20, ..config() });
    let mut files = Vec::new();
    for n in 0..200_u32 {
        let path = fs.at(format!("{n}"));
        fs::write(&path, n.to_le_bytes()).unwrap();
        files.push(File::options().read(true).write(true).open(&path).unwrap());
    }
    for (n, file) in (0..200_u32).zip(&files) {
        std::os::unix::fs::FileExt::write_all_at(file, &(n + 1).to_le_bytes(), 4).unwrap();
    }
    for n in 0..200_u32 {
        let bytes = [n.to_le_bytes(), (n + 1).to_le_bytes()].concat();
        assert_eq!(fs::read(fs.beneath(format!("{n}"))).unwrap(), bytes);
    }
    assert!(fs.mount().requests().handles <= 24);
}

#[test]
fn an_open_file_whose_name_others_take_away_stays_readable() {
    let fs = local(MountConfig { handles_max: 8, open_files_max: 400, ..config() });
    let mut files = Vec::new();
    for n in 0..200_u32 {
        fs::write(fs.at(format!("{n}")), n.to_le_bytes()).unwrap();
        files.push(File::open(fs.at(format!("{n}"))).unwrap());
    }
    for n in 0..200_u32 {
        match n % 2 {
            0 => fs::remove_file(fs.beneath(format!("{n}"))).unwrap(),
            _ => {
                fs::write(fs.beneath("new"), "another").unwrap();
                fs::rename(fs.beneath("new"), fs.beneath(format!("{n}"))).unwrap();
            }
        }
    }
    for (n, file) in (0..200_u32).zip(&files) {
        let mut bytes = [0; 16];
        let length = std::os::unix::fs::FileExt::read_at(file, &mut bytes, 0).unwrap();
        assert_eq!(bytes[..length], n.to_le_bytes(), "{n}");
    }
    drop(files);
    eventually("closing", || fs.mount().requests().handles <= 8);
}

#[test]
fn a_directory_deeper_than_any_path_is_found_again() {
    const DEPTH: usize = 1_500;
    let fs = local(MountConfig { handles_max: 4, ..uncached() });
    let open = |dir: &File, name: &str| -> File {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::openat(dir, name, flags, Mode::empty()).expect("opening").into()
    };
    let mut dir = File::open(fs.at("")).unwrap();
    for _ in 0..DEPTH {
        rustix::fs::mkdirat(&dir, "directory", Mode::from_raw_mode(0o755)).unwrap();
        dir = open(&dir, "directory");
    }
    rustix::fs::mkdirat(&dir, "leaf", Mode::from_raw_mode(0o755)).unwrap();
    // Others need the few handles there may be.
    for n in 0..8 {
        fs::create_dir_all(fs.at(format!("{n}/d"))).unwrap();
    }
    assert!(rustix::fs::statat(&dir, "leaf", AtFlags::empty()).is_ok());
    open(&dir, "leaf");
    assert!(fs.mount().requests().handles <= 4);
}
