use cachefs_testkit::SplitMix64;
use cachefs_vfs::FileId;

use super::naive::{LENGTH, NaiveFile, interpret};
use super::{Handle, History, at, id, version};
use crate::journal::{Entry, FileNo, Seq};
use crate::recovery::file::RecoveredFile;

const FILES: usize = 4;

/// What a writer is in the middle of, so that histories are such as a write-back leaves.
#[derive(Clone, Copy, Debug, Default)]
struct Busy {
    live: bool,
    verb: Option<Verb>,
    flush: Option<Seq>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Window,
    Truncate,
    Remove,
}

#[derive(Debug)]
struct Writer {
    rng: SplitMix64,
    history: History,
    busy: [Busy; FILES],
    time: i64,
}

impl Writer {
    fn new(seed: u64) -> Self {
        let rng = SplitMix64::new(seed);
        Self { rng, history: History::default(), busy: Default::default(), time: 0 }
    }

    fn path(&mut self) -> String {
        let dir = self.rng.pick(&["a", "a/b", "c"]);
        format!("{dir}/{}", self.rng.below(3))
    }

    fn step(&mut self) {
        self.time += 1;
        if self.rng.below(20) == 0 {
            let (from, to) = (self.rng.pick(&["a", "a/b", "c", "d"]), self.rng.pick(&["d", "a/x", "c"]));
            self.history.push(0, Entry::Rename { no: None, from: from.into(), to: to.into() });
            return;
        }
        let n = usize::try_from(self.rng.below(FILES as u64)).unwrap();
        let no = FileNo(n as u64 + 1);
        if self.busy[n].live {
            self.act(n, no);
        } else {
            self.busy[n].live = true;
            self.file(no);
        }
    }

    fn file(&mut self, no: FileNo) {
        let (path, own) = (self.path().into(), self.version());
        let generation = self.rng.below(3);
        self.history.push(0, Entry::File { no, id: FileId { generation, ..id(no.0) }, path, own });
    }

    fn version(&mut self) -> cachefs_vfs::Version {
        version(self.rng.below(LENGTH as u64), self.time)
    }

    fn data(&mut self, no: FileNo) {
        let offset = self.rng.below(LENGTH as u64);
        let len = self.rng.below(LENGTH as u64 - offset + 1).min(1 + self.rng.below(24));
        self.history.push(len, Entry::Data { no, offset, mtime: at(self.time) });
    }

    fn act(&mut self, n: usize, no: FileNo) {
        match self.rng.below(20) {
            0..8 => self.data(no),
            8..12 => self.verb(n, no),
            12..16 => self.flush(n, no),
            16 => self.file(no),
            17 => {
                let (from, to) = (self.path().into(), self.path().into());
                self.history.push(0, Entry::Rename { no: Some(no), from, to });
            }
            18 if !matches!(self.busy[n].verb, Some(Verb::Window | Verb::Remove)) => {
                let upto = self.earlier();
                self.conflict(n, no, upto);
            }
            _ if self.rng.below(4) == 0 && self.busy[n].verb != Some(Verb::Remove) => {
                self.busy[n] = Busy::default();
                self.history.push(0, Entry::Done { no });
            }
            _ => self.data(no),
        }
    }

    /// One of the last records.
    fn earlier(&mut self) -> Seq {
        let last = self.history.0.len() as u64;
        Seq(last - self.rng.below(last.min(12)))
    }

    fn conflict(&mut self, n: usize, no: FileNo, upto: Seq) {
        // One that is kept beside is kept whole as far as its truncation goes.
        if self.busy[n].verb.is_some() {
            let upto = Seq(self.history.0.len() as u64);
            self.history.push(0, Entry::Conflict { no, path: "x".into(), upto });
            self.busy[n].verb = None;
        } else {
            self.history.push(0, Entry::Conflict { no, path: "x".into(), upto });
        }
    }

    fn verb(&mut self, n: usize, no: FileNo) {
        let verb = match self.busy[n].verb {
            None => {
                let verb = self.rng.pick(&[Verb::Window, Verb::Truncate, Verb::Truncate, Verb::Remove]);
                let length = self.rng.below(LENGTH as u64);
                let entry = match verb {
                    Verb::Window => Entry::Window { no },
                    Verb::Truncate => Entry::Truncate { no, length, mtime: at(self.time) },
                    Verb::Remove => Entry::Gone { no },
                };
                self.history.push(0, entry);
                Some(verb)
            }
            Some(Verb::Truncate) if self.rng.below(2) == 0 => self.end(Entry::Stays { no }),
            Some(Verb::Remove) => self.end(Entry::Stays { no }),
            Some(_) => {
                let own = self.version();
                self.end(Entry::Own { no, own })
            }
        };
        self.busy[n].verb = verb;
    }

    fn end(&mut self, entry: Entry) -> Option<Verb> {
        self.history.push(0, entry);
        None
    }

    fn flush(&mut self, n: usize, no: FileNo) {
        if self.busy[n].verb == Some(Verb::Truncate) {
            return;
        }
        let own = self.version();
        match self.busy[n].flush.take() {
            Some(upto) if self.rng.below(4) > 0 => {
                let upto = if self.rng.below(5) == 0 { Seq(0) } else { upto };
                self.history.push(0, Entry::FlushEnd { no, upto, own });
            }
            _ => {
                let upto = self.earlier();
                self.busy[n].flush = Some(upto);
                self.history.push(0, Entry::FlushBegin { no, upto, own });
            }
        }
    }
}

fn assert_same(file: &RecoveredFile<Handle>, naive: &NaiveFile, seed: u64) {
    let mut bytes = [None; LENGTH];
    for extent in file.extents.iter() {
        for n in 0..extent.len {
            let at = usize::try_from(extent.offset + n).unwrap();
            bytes[at] = Some((extent.record, extent.skip + n));
        }
    }
    let found = NaiveFile {
        id: file.id,
        path: file.paths.newest().map(Into::into),
        own: file.own,
        bytes,
        mtime: file.mtime,
        cut: file.cut.as_ref().map(|cut| cut.length),
        open: file.windows.is_open(),
        gone: file.gone,
    };
    assert_eq!(&found, naive, "seed {seed}, file {:?}", file.no);
}

fn run(seed: u64, steps: u64) {
    let mut writer = Writer::new(seed);
    (0..steps).for_each(|_| writer.step());
    let (files, naive) = (writer.history.files(), interpret(&writer.history));
    let numbers: Vec<_> = files.iter().map(|file| file.no).collect();
    assert_eq!(numbers, naive.keys().copied().collect::<Vec<_>>(), "seed {seed}");
    files.iter().for_each(|file| assert_same(file, &naive[&file.no], seed));
}

#[test]
fn random_histories_come_to_what_a_byte_by_byte_interpreter_says() {
    for seed in 0..20_000 {
        run(seed, 5 + seed % 120);
    }
}
