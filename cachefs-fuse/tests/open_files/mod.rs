//! What programs do with open files, on a mount of one profile in every mode, and on a plain directory, which shows that
//! the scenes ask for nothing but what is usual.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

mod bytes;
mod flags;
mod maps;
mod names;
mod programs;
mod rights;
mod storm;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::acceptance::{Mounted, Run, program};

/// The modes in which a mount is tried.
const MODES: [&str; 4] = ["--coherence=auto", "--coherence=open", "--coherence=ttl=1h", "--coherence=single"];

/// Where a scene takes place.
#[derive(Debug)]
pub struct Scene {
    top: PathBuf,
    source: PathBuf,
    /// A change in the source is seen at the next look.
    asks: bool,
}

type Play = fn(&Scene);

/// All scenes.
const PLAYS: [(&str, Play); 25] = [
    ("what is written is read", bytes::written_is_read),
    ("a reader sees what a later writer writes", bytes::reader_then_writer),
    ("a created file is opened again", bytes::created_then_opened),
    ("appends go to the end, also behind those of others", bytes::appends),
    ("files are cut and extended while they are open", bytes::cut),
    ("opening cuts", bytes::cut_by_opening),
    ("space is allocated, freed and found", bytes::space),
    ("bytes are copied within and sent", bytes::copied),
    ("past the caches and synced", bytes::direct_and_synced),
    ("flags that are taken back are gone", flags::taken_back),
    ("attributes are of what was written", bytes::attributes),
    ("an unlinked file goes on", names::unlinked),
    ("a replaced file goes on", names::replaced),
    ("links are one file", names::linked),
    ("a renamed file goes on", names::renamed),
    ("unlinked files give their space back", names::space_comes_back),
    ("mappings and writes see each other", maps::stores_and_writes),
    ("a mapping outlives its file", maps::outlives),
    ("stores leave a time", maps::times),
    ("programs run", programs::run),
    ("a program that runs is not written to, nor one that is written to run", programs::busy),
    ("locks hold", programs::locks),
    ("set-id bits go by a write", rights::set_id),
    ("permissions hold", rights::permissions),
    ("many open, read, write, map and close one file", storm::one_file),
];

/// Plays all scenes on mounts of a profile.
pub fn play_on(profile: &str) {
    for mode in MODES {
        let mounted = Mounted::fresh(&["--profile", profile, mode, "-o", "suid"]);
        let scene = Scene {
            top: mounted.path().to_path_buf(),
            source: mounted.source().to_path_buf(),
            asks: mode.ends_with("open"),
        };
        for (name, play) in PLAYS {
            println!("{profile} {mode}: {name}");
            scene.play(play);
        }
        mounted.unmount();
    }
}

/// Plays all scenes on a plain directory.
pub fn play_natively() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (top, source) = (dir.path().to_path_buf(), dir.path().to_path_buf());
    let scene = Scene { top, source, asks: true };
    for (name, play) in PLAYS {
        println!("natively: {name}");
        scene.play(play);
    }
}

impl Scene {
    /// Each scene has a directory of its own.
    fn play(&self, play: Play) {
        let name = format!("scene-{}", fs::read_dir(&self.source).unwrap().count());
        let (top, source) = (self.top.join(&name), self.source.join(&name));
        fs::create_dir(&top).unwrap();
        fs::set_permissions(&top, fs::Permissions::from_mode(0o777)).unwrap();
        play(&Self { top, source, asks: self.asks });
    }

    /// A path on the mount.
    fn at(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }

    /// The same beneath.
    fn beneath(&self, name: &str) -> PathBuf {
        self.source.join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, name: &str) -> File {
        File::open(self.at(name)).unwrap()
    }

    fn open_both(&self, name: &str) -> File {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.at(name)).unwrap()
    }

    /// What everybody sees of the file.
    #[track_caller]
    fn is(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let (bytes, path) = (bytes.as_ref(), self.at(name));
        let shown = |found: &[u8]| String::from_utf8_lossy(&found[..found.len().min(64)]).into_owned();
        let found = fs::read(&path).unwrap();
        let wanted = shown(bytes);
        assert!(found == bytes, "on top: {:?} of {} bytes, not {wanted:?}", shown(&found), found.len());
        assert_eq!(size_of(&path), bytes.len() as u64, "the size by name");
        assert_eq!(self.open(name).metadata().unwrap().size(), bytes.len() as u64, "by descriptor");
        let beneath = fs::read(self.beneath(name)).unwrap();
        assert!(beneath == bytes, "beneath: {:?} of {} bytes", shown(&beneath), beneath.len());
    }

    /// A script of python, which fails by an assertion.
    fn python(&self, script: &str) {
        program("python3").arg("-c").arg(script).within(&self.top).silent();
    }

    /// A shell script; as an ordinary user.
    fn as_nobody(&self, script: &str) -> Run {
        program("setpriv")
            .args("--reuid=65534 --regid=65534 --clear-groups sh -ec")
            .arg(script)
            .within(&self.top)
    }
}

fn size_of(path: &Path) -> u64 {
    fs::metadata(path).unwrap().size()
}
