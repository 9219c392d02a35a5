//! A filesystem with somebody else in it: what who watches it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::{Arc, Weak};

use cachefs_testkit::{CallKind, CountFs, FaultFs, OutsideFs, Rule, SlowFs};
use cachefs_vfs::{
    Access, Errno, Error, FileId, MemFs, Mode, Name, Notice, OpenHow, Owner, Privileges, RemoveKind,
    RenameHow, Result, SetAttr, VDir, VFile, Vfs, VfsExt, Watch, WatchHow, WatchMethod, Watcher,
};
use parking_lot::Mutex;

/// Writes down what it is told, ids by the names they were given.
#[derive(Debug, Default)]
struct Notes {
    ids: Mutex<Vec<(FileId, &'static str)>>,
    told: Mutex<Vec<String>>,
}

impl Notes {
    fn know(&self, id: FileId, name: &'static str) {
        self.ids.lock().push((id, name));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock())
    }

    fn id(&self, id: Option<FileId>) -> &'static str {
        let Some(id) = id else { return "-" };
        self.ids.lock().iter().find(|(known, _)| *known == id).map_or("new", |(_, name)| name)
    }

    fn at(&self, (dir, name): (FileId, Name<'_>)) -> String {
        format!("{}/{name}", self.id(Some(dir)))
    }
}

impl Watcher for Notes {
    fn notice(&self, notice: &Notice<'_>) {
        let line = match notice {
            Notice::Inode { whose, touch } => {
                let at = whose.at.map(|at| format!(" {}", self.at(at))).unwrap_or_default();
                format!("{touch:?} {}{at}", self.id(whose.id))
            }
            Notice::Made { dir, name, child } => {
                format!("Made {} {}", self.at((*dir, *name)), self.id(*child))
            }
            Notice::Removed { dir, name, child } => {
                format!("Removed {} {}", self.at((*dir, *name)), self.id(*child))
            }
            Notice::Moved { from, to, child } => {
                format!("Moved {} {} {}", self.at(*from), self.at(*to), self.id(*child))
            }
            Notice::Overflow => "Overflow".into(),
            Notice::Lost(why) => format!("Lost {why}"),
        };
        self.told.lock().push(line);
    }
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

/// `f` in the root, `d/g` below; watched, and of what is told notes are taken.
struct Bench {
    fs: OutsideFs,
    outside: Arc<dyn Vfs>,
    notes: Arc<Notes>,
    watch: Arc<dyn Watch>,
}

impl Bench {
    fn new(method: WatchMethod) -> Self {
        let mem = MemFs::new();
        mem.write("f", b"0123").unwrap();
        mem.create_dir_all("d").unwrap();
        mem.write("d/g", b"abc").unwrap();
        let fs = OutsideFs::new(Arc::new(mem));
        fs.scope(method);
        let notes = Arc::new(Notes::default());
        for (path, known) in [("", "root"), ("f", "f"), ("d", "d"), ("d/g", "g")] {
            notes.know(fs.stat(path).unwrap().id, known);
        }
        let watch = fs.watch(WatchHow::default(), notes.clone()).unwrap();
        Self { outside: fs.outside(), fs, notes, watch }
    }

    fn root(&self) -> Arc<dyn VDir> {
        self.outside.root().unwrap()
    }

    fn dir(&self) -> Arc<dyn VDir> {
        self.root().dir(name("d")).unwrap().handle
    }

    fn cover(&self, path: &str) {
        let root = self.fs.root().unwrap();
        let covered = match path {
            "" => root.watch(&*self.watch),
            "d" => root.dir(name("d")).unwrap().handle.watch(&*self.watch),
            file => {
                let how = OpenHow::new(Access::Path);
                root.open(name(file), how).unwrap().handle.watch(&*self.watch)
            }
        };
        covered.unwrap();
    }

    fn told(&self, expected: &[&str]) {
        assert_eq!(self.notes.take(), expected);
    }
}

fn open(dir: &dyn VDir, file: &str, access: Access) -> Arc<dyn VFile> {
    dir.open(name(file), OpenHow::new(access)).unwrap().handle
}

fn errno<T>(result: Result<T>) -> Option<Errno> {
    result.err().map(|error| error.errno())
}

#[test]
fn changes_of_files_are_told_when_the_verb_returns() {
    let bench = Bench::new(WatchMethod::Filesystem);
    let file = open(&*bench.root(), "f", Access::ReadWrite);
    bench.told(&[]);
    file.write_at(b"x", 0, Privileges::Keep).unwrap();
    file.append(b"x", Privileges::Keep).unwrap();
    file.set_len(1, Privileges::Keep).unwrap();
    bench.told(&["Data f root/f"; 3]);
    file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap();
    bench.told(&["Attr f root/f"]);
    file.read_at(&mut [0; 1], 0).unwrap();
    assert_eq!(errno(file.remove_xattr("user.none".as_ref())), Some(Errno::NODATA));
    bench.told(&[]);
    drop(file);
    bench.told(&["Data f root/f"]);
    bench.dir().set_attr(&SetAttr { mode: Some(Mode::new(0o700)), ..SetAttr::default() }).unwrap();
    bench.told(&["Attr d root/d"]);
}

#[test]
fn changes_of_names_are_told_with_what_becomes_of_the_inodes() {
    let bench = Bench::new(WatchMethod::Filesystem);
    let (root, dir) = (bench.root(), bench.dir());
    root.make_dir(name("e"), Mode::new(0o755), &Owner::process()).unwrap();
    bench.outside.write("n", b"").unwrap();
    bench.told(&["Made root/e new", "Made root/n new", "Data new root/n"]);
    root.hard_link(name("f"), &*dir, name("l")).unwrap();
    bench.told(&["Attr f", "Made d/l f"]);
    root.remove(name("f"), RemoveKind::File).unwrap();
    bench.told(&["Removed root/f f", "Attr f"]);
    dir.rename(name("l"), &*dir, name("g"), RenameHow::Replace).unwrap();
    bench.told(&["Moved d/l d/g f", "Attr g", "Gone g"]);
    dir.rename(name("g"), &*root, name("n"), RenameHow::Exchange).unwrap();
    bench.told(&["Moved d/g root/n f", "Moved root/n d/g new"]);
    root.remove(name("e"), RemoveKind::Dir).unwrap();
    bench.told(&["Removed root/e new", "Gone new"]);
}

#[test]
fn an_open_file_goes_by_the_name_it_has_now_and_is_gone_with_its_handle() {
    let bench = Bench::new(WatchMethod::Filesystem);
    let (root, dir) = (bench.root(), bench.dir());
    let file = open(&*root, "f", Access::Write);
    root.rename(name("f"), &*dir, name("h"), RenameHow::Replace).unwrap();
    file.append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Moved root/f d/h f", "Data f d/h"]);
    dir.remove(name("h"), RemoveKind::File).unwrap();
    file.append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Removed d/h f", "Attr f", "Data f"]);
    drop(file);
    bench.told(&["Data f", "Gone f"]);
}

#[test]
fn what_is_done_inside_is_told_to_who_asks_for_it() {
    let bench = Bench::new(WatchMethod::Filesystem);
    bench.fs.write("mine", b"x").unwrap();
    bench.fs.settle();
    bench.told(&[]);
    assert_eq!(bench.watch.usage().own, 3, "made, written, closed");
    let notes = Arc::new(Notes::default());
    let watch = bench.fs.watch(WatchHow { own: true, ..WatchHow::default() }, notes.clone()).unwrap();
    bench.fs.remove_file("mine").unwrap();
    bench.fs.settle();
    assert_eq!(notes.take().len(), 3, "removed, with a name less, and gone");
    bench.told(&[]);
    drop(watch);
    assert_eq!(bench.fs.watchers(), 1);
}

#[test]
fn directory_by_directory_only_what_was_covered_is_told() {
    let bench = Bench::new(WatchMethod::Directories);
    let (root, dir) = (bench.root(), bench.dir());
    let id = |path: &str| bench.fs.stat(path).unwrap().id;
    bench.outside.write("f", b"4567").unwrap();
    bench.told(&[]);
    bench.cover("d");
    assert_eq!(bench.fs.covered(), [id("d")]);
    assert!(bench.watch.covers(id("d")) && !bench.watch.covers(id("")));
    let file = open(&*dir, "g", Access::ReadWrite);
    file.append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Opened g d/g", "Data g d/g"]);
    dir.hard_link(name("g"), &*root, name("l")).unwrap();
    dir.rename(name("g"), &*root, name("m"), RenameHow::Replace).unwrap();
    file.append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Removed d/g g"]);
    root.rename(name("m"), &*dir, name("g"), RenameHow::Replace).unwrap();
    drop(file);
    bench.told(&["Made d/g g", "Data g d/g"]);
    open(&*root, "l", Access::Write).append(b"x", Privileges::Keep).unwrap();
    bench.told(&[]);
    bench.cover("l");
    open(&*root, "l", Access::Write).append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Opened g root/l", "Data g root/l", "Data g root/l"]);
}

#[test]
fn inotify_knows_names_and_tells_of_own_changes() {
    let bench = Bench::new(WatchMethod::Inotify);
    bench.cover("");
    bench.outside.write("f", b"4567").unwrap();
    let lines = bench.notes.take();
    assert!(!lines.is_empty() && lines.iter().all(|line| line == "Data - root/f"), "{lines:?}");
    bench.fs.write("mine", b"").unwrap();
    bench.fs.settle();
    bench.told(&["Made root/mine -", "Data - root/mine"]);
    bench.cover("f");
    open(&*bench.root(), "f", Access::Write).append(b"x", Privileges::Keep).unwrap();
    bench.told(&["Data f root/f"; 2]);
}

#[test]
fn notices_wait_and_are_lost_as_told() {
    let bench = Bench::new(WatchMethod::Filesystem);
    let root = bench.root();
    let remove = |file| root.remove(name(file), RemoveKind::File).unwrap();
    bench.fs.hold();
    bench.outside.write("n", b"").unwrap();
    remove("n");
    bench.told(&[]);
    bench.fs.release();
    bench.told(&["Made root/n new", "Data new root/n", "Removed root/n new", "Attr new", "Gone new"]);
    bench.fs.hold();
    remove("f");
    bench.fs.overflow();
    bench.outside.create_dir_all("later").unwrap();
    bench.fs.release();
    bench.told(&["Overflow", "Made root/later new"]);
    assert_eq!(bench.watch.usage().overflows, 1);
    let root_id = bench.fs.stat("").unwrap().id;
    bench.fs.tell(Notice::Removed { dir: root_id, name: name("never"), child: None });
    bench.told(&["Removed root/never -"]);
    assert!(bench.watch.covers(root_id));
    bench.fs.lose(Error::new(Errno::IO));
    bench.outside.write("n", b"").unwrap();
    bench.told(&["Lost Input/output error"]);
    assert!(!bench.watch.covers(root_id));
    assert_eq!(errno(root.watch(&*bench.watch)), Some(Errno::STALE));
}

#[test]
fn a_cover_is_refused_as_told_and_to_a_stranger() {
    let bench = Bench::new(WatchMethod::Directories);
    bench.fs.refuse_cover(Some(Errno::NOSPC));
    let root = bench.fs.root().unwrap();
    assert_eq!(errno(root.watch(&*bench.watch)), Some(Errno::NOSPC));
    bench.fs.refuse_cover(None);
    assert_eq!(errno(root.watch(&*bench.watch)), None);
    let other = Bench::new(WatchMethod::Directories);
    assert_eq!(errno(root.watch(&*other.watch)), Some(Errno::OPNOTSUPP));
}

#[test]
fn writers_are_those_who_have_the_file_open_unless_it_is_said_otherwise() {
    let bench = Bench::new(WatchMethod::Filesystem);
    let file = open(&*bench.fs.root().unwrap(), "f", Access::Read);
    assert!(!file.has_writer().unwrap());
    let writer = open(&*bench.root(), "f", Access::Write);
    assert!(file.has_writer().unwrap());
    drop(writer);
    assert!(!file.has_writer().unwrap());
    bench.fs.set_writer(file.attr().unwrap().id, true);
    assert!(file.has_writer().unwrap());
}

#[test]
fn interceptors_above_pass_the_watch_on_and_strike_only_their_side() {
    let outside = Arc::new(OutsideFs::new(Arc::new(MemFs::new())));
    let counted = Arc::new(CountFs::new(outside.clone()));
    let fs = FaultFs::new(Arc::new(SlowFs::new(counted.clone())));
    let notes = Arc::new(Notes::default());
    let refused = fs.add(Rule::on(CallKind::Watch).or(CallKind::Cover).fail(Errno::NOSPC));
    assert_eq!(errno(fs.watch(WatchHow::default(), notes.clone())), Some(Errno::NOSPC));
    refused.release();
    let watch = fs.watch(WatchHow::default(), notes.clone()).unwrap();
    fs.root().unwrap().watch(&*watch).unwrap();
    fs.add(Rule::any());
    outside.outside().write("f", b"x").unwrap();
    assert_eq!(notes.take(), ["Made new/f new", "Opened new new/f", "Data new new/f", "Data new new/f"]);
    let counts = counted.snapshot();
    assert_eq!(counts.called(), [(CallKind::Root, 1), (CallKind::Watch, 1), (CallKind::Cover, 1)]);
}

/// Ends the watch it is told by.
#[derive(Debug, Default)]
struct Quits(Mutex<Option<Arc<dyn Watch>>>);

impl Watcher for Quits {
    fn notice(&self, _: &Notice<'_>) {
        drop(self.0.lock().take());
    }
}

#[test]
fn a_watch_may_end_while_it_is_told_and_with_the_filesystem() {
    let fs = OutsideFs::new(Arc::new(MemFs::new()));
    let quits = Arc::new(Quits::default());
    *quits.0.lock() = Some(fs.watch(WatchHow::default(), quits.clone()).unwrap());
    let weak: Weak<Quits> = Arc::downgrade(&quits);
    drop(quits);
    let outside = fs.outside();
    outside.write("f", b"x").unwrap();
    assert_eq!(fs.watchers(), 0);
    drop((fs, outside));
    assert!(weak.upgrade().is_none(), "nobody keeps who is told no more");
}
