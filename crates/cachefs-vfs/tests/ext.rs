//! Paths, walks and globs over any `Vfs`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use cachefs_vfs::{Access, Errno, FileKind, MemFs, OpenHow, Result, Vfs, VfsExt};

#[track_caller]
fn refused<T>(result: Result<T>, errno: Errno) {
    assert_eq!(result.err().map(|error| error.errno()), Some(errno));
}

fn sources() -> MemFs {
    let fs = MemFs::new();
    fs.create_dir_all("src/b/c").unwrap();
    fs.create_dir_all("target/debug").unwrap();
    for path in ["src/z.rs", "src/a.rs", "src/b/m.rs", "src/b/c/n.rs", "src/b.txt", "target/debug/x.rs"] {
        fs.write(path, path.as_bytes()).unwrap();
    }
    fs.symlink("src", "link").unwrap();
    fs
}

fn glob(fs: &dyn Vfs, pattern: &str) -> Vec<String> {
    fs.glob(pattern).unwrap().map(|path| path.unwrap().display().to_string()).collect()
}

#[test]
fn whole_files_go_in_and_out() {
    let fs = MemFs::new();
    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 253) as u8).collect();
    fs.write("/f", &large).unwrap();
    assert!(fs.read("./f").unwrap() == large);
    fs.write("f", b"short").unwrap();
    fs.append("f", b"er").unwrap();
    assert_eq!(fs.read_to_string("f").as_deref(), Ok("shorter"));
    fs.set_len("f", 5).unwrap();
    fs.append("new", b"made").unwrap();
    assert_eq!((fs.read("f"), fs.read("new")), (Ok(b"short".to_vec()), Ok(b"made".to_vec())));
    fs.write("f", b"\xff").unwrap();
    refused(fs.read_to_string("f"), Errno::ILSEQ);
    let file = fs.open("f", OpenHow::new(Access::Read)).unwrap();
    assert_eq!(file.attr().unwrap().size, 1);
}

#[test]
fn paths_never_leave_the_root_nor_follow_symlinks() {
    let fs = sources();
    refused(fs.read("../etc/passwd"), Errno::INVAL);
    refused(fs.read("src/../src/a.rs"), Errno::INVAL);
    refused(fs.read("link"), Errno::LOOP);
    refused(fs.read("link/a.rs"), Errno::NOTDIR);
    refused(fs.write("link", b""), Errno::LOOP);
    refused(fs.dir("link"), Errno::NOTDIR);
    assert_eq!(fs.stat("link").unwrap().kind, FileKind::Symlink);
    assert_eq!(fs.read_link("link"), Ok(PathBuf::from("src")));
    refused(fs.read(""), Errno::INVAL);
    assert_eq!(fs.stat("/").unwrap().kind, FileKind::Directory);
    assert_eq!(
        (fs.exists("link"), fs.exists("src/a.rs/x"), fs.exists("no")),
        (Ok(true), Ok(false), Ok(false))
    );
    refused(fs.exists(".."), Errno::INVAL);
}

#[test]
fn errors_say_what_failed_where() {
    let fs = sources();
    let said = |result: Result<()>| result.unwrap_err().to_string();
    assert_eq!(said(fs.write("no/f", b"")), "writing no/f: No such file or directory");
    assert_eq!(said(fs.remove_dir("src")), "removing src: Directory not empty");
    assert_eq!(said(fs.rename("src/a.rs", "no/b")), "renaming to no/b: No such file or directory");
    assert_eq!(said(fs.create_dir("src")), "creating src: File exists");
}

#[test]
fn names_are_made_moved_and_removed() {
    let fs = sources();
    fs.create_dir_all("src/b/x/y").unwrap();
    fs.create_dir_all("src/b/x/y").unwrap();
    refused(fs.create_dir_all("src/a.rs/x"), Errno::NOTDIR);
    fs.rename("src/a.rs", "src/b/x/y/a.rs").unwrap();
    fs.link("src/b/x/y/a.rs", "src/again.rs").unwrap();
    assert_eq!(fs.stat("src/again.rs").unwrap().links, 2);
    refused(fs.remove_file("src/b"), Errno::ISDIR);
    fs.remove_file("src/again.rs").unwrap();
    refused(fs.remove_dir_all("link"), Errno::NOTDIR);
    refused(fs.remove_dir_all("/"), Errno::INVAL);
    fs.remove_dir_all("src").unwrap();
    let left = [("link".into(), FileKind::Symlink), ("target".into(), FileKind::Directory)];
    assert_eq!(fs.list("").unwrap(), left);
    let (dir, name) = fs.parent_of("target/debug").unwrap();
    assert!(dir.stat(name).unwrap().kind.is_dir());
}

#[test]
fn a_walk_meets_everything_once_and_directories_first() {
    let fs = sources();
    let seen: Vec<PathBuf> = fs.walk("/src/").unwrap().map(|entry| entry.unwrap().path).collect();
    let mut sorted = seen.clone();
    sorted.sort();
    let all = ["src/a.rs", "src/b", "src/b/c", "src/b/c/n.rs", "src/b/m.rs", "src/b.txt", "src/z.rs"];
    assert_eq!(sorted, all.map(PathBuf::from));
    let place = |path: &str| seen.iter().position(|seen| seen.as_os_str() == path);
    assert!(place("src/b") < place("src/b/c") && place("src/b/c") < place("src/b/c/n.rs"));
    refused(fs.walk("link"), Errno::NOTDIR);
}

#[test]
fn a_walk_over_many_entries_survives_their_deletion() {
    let fs = MemFs::new();
    fs.create_dir("d").unwrap();
    (0..2000).for_each(|index| fs.write(format!("d/{index}"), b"").unwrap());
    let mut count = 0;
    for entry in fs.walk("").unwrap().map(Result::unwrap).filter(|entry| entry.kind.is_regular()) {
        fs.remove_file(entry.path).unwrap();
        count += 1;
    }
    assert_eq!((count, fs.list("d").unwrap().len()), (2000, 0));
}

#[test]
fn a_glob_is_sorted_and_descends_where_it_may_match() {
    let fs = sources();
    assert_eq!(glob(&fs, "src/*.rs"), ["src/a.rs", "src/z.rs"]);
    assert_eq!(glob(&fs, "/src/**/*.rs"), ["src/a.rs", "src/b/c/n.rs", "src/b/m.rs", "src/z.rs"]);
    assert_eq!(glob(&fs, "**/c/**"), ["src/b/c", "src/b/c/n.rs"]);
    assert_eq!(glob(&fs, "src/b*"), ["src/b", "src/b.txt"]);
    assert_eq!(glob(&fs, "src/b/m.rs"), ["src/b/m.rs"]);
    assert_eq!(glob(&fs, "l*"), ["link"]);
    assert_eq!(glob(&fs, "l*/a.rs"), [""; 0], "symlinks are not followed");
    assert_eq!(glob(&fs, "no/**"), [""; 0]);
    for bad in ["", "../*", "a**", "["] {
        refused(fs.glob(bad), Errno::INVAL);
    }
}

#[test]
fn a_name_that_is_no_text_can_match() {
    let fs = MemFs::new();
    let name = OsStr::from_bytes(b"\xff.rs");
    fs.write(name, b"").unwrap();
    assert_eq!(fs.glob("*.rs").unwrap().collect::<Result<Vec<_>>>(), Ok(vec![PathBuf::from(name)]));
}

#[test]
fn a_tree_is_removed_while_others_add_to_it() {
    let fs = MemFs::new();
    fs.create_dir_all("d/e").unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..500 {
                // The directory may be gone already; that is what is being tried.
                let _ = fs.write(format!("d/e/{round}"), b"x");
            }
            stop.store(true, Ordering::Release);
        });
        while !stop.load(Ordering::Acquire) {
            fs.create_dir_all("d/e").unwrap();
            match fs.remove_dir_all("d") {
                Ok(()) => assert_eq!(fs.exists("d"), Ok(false)),
                Err(error) => assert_eq!(error.errno(), Errno::NOTEMPTY),
            }
        }
    });
    fs.create_dir_all("d").unwrap();
    fs.remove_dir_all("d").unwrap();
    assert!(fs.list("").unwrap().is_empty());
}
