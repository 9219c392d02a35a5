use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

/// How big a tree is made.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Directories, two levels deep.
    pub directories: usize,
    /// Files in each.
    pub files: usize,
}

/// Makes a tree of files as source trees have them: mostly a few KiB, some empty, one in fifty bigger than a block of
/// the cache, with symlinks, hard links, xattrs, odd names and modes.
pub fn make_tree(root: &Path, size: Size) {
    for number in 0..size.directories {
        let directory = root.join(format!("group {}/d{number}", number % 16));
        fs::create_dir_all(&directory).unwrap();
        for file in 0..size.files {
            let path = directory.join(format!("file-{file}.txt"));
            fs::write(&path, bytes(number, file)).unwrap();
            if file % 10 == 0 {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
            }
        }
        symlink("file-1.txt", directory.join("link")).unwrap();
        symlink("nowhere/at all", directory.join("dangling")).unwrap();
        fs::hard_link(directory.join("file-2.txt"), directory.join("second name ä\n")).unwrap();
        let path = directory.join("file-3.txt");
        rustix::fs::setxattr(&path, "user.note", b"kept", rustix::fs::XattrFlags::empty()).unwrap();
    }
}

/// The contents of a file: different for each, the same in every run.
fn bytes(directory: usize, file: usize) -> Vec<u8> {
    let seed = directory * 31 + file;
    let length = match seed % 50 {
        0 => 0,
        1 => 150_000 + seed,
        other => other * 137,
    };
    (0..length).map(|at| (at * 7 + seed * 13 + at / 251).to_le_bytes()[0]).collect()
}
