/// The latest references, by key number: some that only warm caches, then those that are counted.
#[derive(Debug)]
pub(super) struct Log {
    keys: Vec<u16>,
    /// Where counting begins.
    start: usize,
    /// Places in the log, and how many references had come by in all then; the first one is not after the start.
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    place: usize,
    all: u64,
}

impl Log {
    const MAX: usize = 1 << 16;
    /// Marks closer to each other than this are one.
    const MARK_STEP: usize = Self::MAX / 64;

    pub(super) fn new() -> Self {
        Self { keys: Vec::with_capacity(Self::MAX), start: 0, marks: vec![Mark { place: 0, all: 0 }] }
    }

    pub(super) fn push(&mut self, key: u16) {
        self.keys.push(key);
    }

    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= Self::MAX
    }

    /// What comes before those that are counted.
    pub(super) fn before(&self) -> &[u16] {
        &self.keys[..self.start]
    }

    pub(super) fn counted(&self) -> &[u16] {
        &self.keys[self.start..]
    }

    /// How many references came by while those came that are counted, if that is known up to the last.
    pub(super) fn all(&self) -> Option<u64> {
        let (first, last) = (self.marks.first()?, self.marks.last()?);
        (first.place <= self.start && last.place == self.keys.len())
            .then(|| last.all.saturating_sub(first.all))
    }

    /// So many references came by up to here.
    pub(super) fn mark(&mut self, all: u64) {
        let mark = Mark { place: self.keys.len(), all };
        let (last, rest) = self.marks.split_last_mut().unwrap_or_else(|| unreachable!("the first one stays"));
        let close = rest.last().is_some_and(|before| mark.place - before.place < Self::MARK_STEP);
        if close {
            *last = mark;
        } else {
            self.marks.push(mark);
        }
    }

    /// Numbers its keys anew; references to those without a number go.
    pub(super) fn renumber(&mut self, numbers: &[Option<u16>]) {
        let (mut marks, mut kept, mut start) = (self.marks.iter_mut().peekable(), 0, 0);
        for old in 0..=self.keys.len() {
            if old == self.start {
                start = kept;
            }
            while let Some(mark) = marks.next_if(|mark| mark.place <= old) {
                mark.place = kept;
            }
            if let Some(new) = self.keys.get(old).and_then(|key| numbers[usize::from(*key)]) {
                self.keys[kept] = new;
                kept += 1;
            }
        }
        self.keys.truncate(kept);
        self.start = start;
    }

    /// Forgets the older half, and counts only the latest quarter: what is between brings caches up to what they would
    /// know. Of what is forgotten, the last two references to each key stay, as far as a cache of this capacity would hold
    /// it: policies tell what was used again from what was not. Answers which keys are left in the log.
    pub(super) fn forget_half(&mut self, keys: usize, room: u64, weight: impl Fn(u16) -> u64) -> Vec<bool> {
        let cut = self.keys.len() / 2;
        let (mut times, mut held) = (vec![0_u8; keys], room);
        let mut warm = Vec::new();
        for &key in self.keys[..cut].iter().rev() {
            let times = &mut times[usize::from(key)];
            match *times {
                0 if held > 0 => held = held.saturating_sub(weight(key)),
                1 => {}
                _ => continue,
            }
            *times += 1;
            warm.push(key);
        }
        warm.reverse();
        self.keys.copy_within(cut.., warm.len());
        self.keys.truncate(self.keys.len() - cut + warm.len());
        self.keys[..warm.len()].copy_from_slice(&warm);
        let mut used = vec![false; keys];
        self.keys.iter().for_each(|key| used[usize::from(*key)] = true);
        self.start = warm.len() + cut / 2;
        self.marks.retain(|mark| mark.place >= cut);
        self.marks.iter_mut().for_each(|mark| mark.place = mark.place - cut + warm.len());
        // Only where the number of all references is known can counting begin.
        let marked = self.marks.partition_point(|mark| mark.place < self.start);
        self.marks.drain(..marked);
        match self.marks.first() {
            Some(mark) if mark.place < self.keys.len() => self.start = mark.place,
            _ => self.marks = vec![Mark { place: usize::MAX, all: 0 }],
        }
        used
    }
}
