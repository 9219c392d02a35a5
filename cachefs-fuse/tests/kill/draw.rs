use cachefs_testkit::SplitMix64;

use super::shelf::Shelf;
use super::step::Step;

/// No file grows beyond this, in bytes.
const LEN_MAX: u64 = 2 << 20;
/// The longest write, in bytes.
const WRITE_MAX: u64 = 1 << 20;

/// Draws what one worker does next.
#[derive(Debug)]
pub(crate) struct Draw {
    random: SplitMix64,
    /// Makes the numbers of its files different from those of others.
    worker: u32,
    made: u32,
    written: u64,
    names_max: usize,
}

impl Draw {
    pub(crate) fn new(seed: u64, worker: u32, names_max: usize) -> Self {
        let random = SplitMix64::new(seed ^ (u64::from(worker) << 32));
        Self { random, worker, made: 0, written: 0, names_max }
    }

    /// Something that can be done with these files.
    pub(crate) fn step(&mut self, shelf: &Shelf) -> Step {
        let few = shelf.names.len() < self.names_max / 2;
        if few || (shelf.names.len() < self.names_max && self.random.below(12) == 0) {
            return self.create(shelf);
        }
        match self.random.below(100) {
            0..40 => self.write(shelf),
            40..55 => self.append(shelf),
            55..63 => Step::Cut { no: self.file(shelf), len: self.cut_to(shelf) },
            63..69 => self.rename(shelf),
            69..71 => Step::Exchange { one: self.name(shelf), other: self.name(shelf) },
            71..75 => self.link(shelf),
            75..80 => Step::Unlink { path: self.name(shelf) },
            80..82 => Step::RenameDir { from: self.dir(shelf), to: self.new_dir() },
            82..85 => Step::Mode { no: self.named(shelf), mode: 0o600 | self.bits(0o077) },
            85..88 => Step::Times { no: self.named(shelf), mtime: self.mtime() },
            88..92 => Step::Sync { no: self.file(shelf), data_only: self.random.below(2) == 0 },
            92..94 => Step::SyncDir { dir: self.dir(shelf) },
            _ => Step::Look { no: self.file(shelf) },
        }
    }

    fn create(&mut self, shelf: &Shelf) -> Step {
        self.made += 1;
        Step::Create { path: self.new_name(shelf), no: (self.worker << 24) | self.made }
    }

    fn write(&mut self, shelf: &Shelf) -> Step {
        let no = self.file(shelf);
        let end = shelf.len_of(no);
        // Mostly within it, sometimes past its end.
        let at = self.random.below((end + end / 8 + 8192).min(LEN_MAX));
        let at = if self.random.below(3) == 0 { at & !4095 } else { at };
        let len = self.write_len().min(LEN_MAX - at);
        let durable = self.random.below(12) == 0;
        Step::Write { no, at, seq: self.seq(), len: usize::try_from(len.max(1)).unwrap(), durable }
    }

    fn append(&mut self, shelf: &Shelf) -> Step {
        let no = self.named(shelf);
        let room = LEN_MAX - shelf.len_of(no).min(LEN_MAX);
        if room == 0 {
            return Step::Cut { no, len: 0 };
        }
        let len = usize::try_from(self.write_len().min(room)).unwrap();
        Step::Append { no, seq: self.seq(), len }
    }

    fn write_len(&mut self) -> u64 {
        match self.random.below(20) {
            0..4 => 1 + self.random.below(200),
            4..11 => 4096,
            11..18 => 4096 + self.random.below(60 << 10),
            _ => 4096 + self.random.below(WRITE_MAX - 4096),
        }
    }

    fn cut_to(&mut self, shelf: &Shelf) -> u64 {
        let longest = shelf.inodes.values().map(|inode| inode.bytes.len() as u64).max().unwrap_or(0);
        let len = self.random.below((longest + longest / 8).min(LEN_MAX) + 1);
        if self.random.below(4) == 0 { 0 } else { len }
    }

    fn rename(&mut self, shelf: &Shelf) -> Step {
        let from = self.name(shelf);
        let over = self.random.below(2) == 0;
        let to = if over { self.name(shelf) } else { self.new_name(shelf) };
        // Between two names of one file a rename does nothing.
        if shelf.names.get(&to) == shelf.names.get(&from) {
            Step::Unlink { path: from }
        } else {
            Step::Rename { from, to }
        }
    }

    fn link(&mut self, shelf: &Shelf) -> Step {
        if shelf.names.len() >= self.names_max {
            return Step::Unlink { path: self.name(shelf) };
        }
        Step::Link { from: self.name(shelf), to: self.new_name(shelf) }
    }

    /// Of all files, those that are open without a name included.
    fn file(&mut self, shelf: &Shelf) -> u32 {
        let all: Vec<u32> = shelf.inodes.keys().copied().collect();
        self.random.pick(&all)
    }

    fn named(&mut self, shelf: &Shelf) -> u32 {
        shelf.names[&self.name(shelf)]
    }

    fn name(&mut self, shelf: &Shelf) -> String {
        let names: Vec<&String> = shelf.names.keys().collect();
        self.random.pick(&names).clone()
    }

    fn dir(&mut self, shelf: &Shelf) -> String {
        let dirs: Vec<&String> = shelf.dirs.iter().collect();
        self.random.pick(&dirs).clone()
    }

    fn new_dir(&mut self) -> String {
        format!("d{}", self.seq())
    }

    /// Names come again: what they meant before must not matter.
    fn new_name(&mut self, shelf: &Shelf) -> String {
        loop {
            let name = format!("{}/f{}", self.dir(shelf), self.random.below(3 * self.names_max as u64));
            if !shelf.names.contains_key(&name) {
                return name;
            }
        }
    }

    fn mtime(&mut self) -> (i64, u64) {
        let seconds = i64::try_from(1_000_000_000 + self.random.below(500_000_000)).unwrap();
        (seconds, self.random.below(1_000_000_000))
    }

    fn bits(&mut self, mask: u32) -> u32 {
        u32::try_from(self.random.below(1 << 16)).unwrap() & mask
    }

    fn seq(&mut self) -> u64 {
        self.written += 1;
        self.written
    }
}
