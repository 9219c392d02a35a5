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

    /// Counts only the later half from here on. Of what was before, the last reference to each key stays, as far as a
    /// cache of this capacity would hold it. Answers which keys are left in the log.
    pub(super) fn forget_half(&mut self, keys: usize, room: u64, weight: impl Fn(u16) -> u64) -> Vec<bool> {
        let middle = self.start + (self.keys.len() - self.start) / 2;
        let at = self.marks.partition_point(|mark| mark.place < middle).min(self.marks.len() - 1);
        // Only where the number of all references is known can counting begin.
        let marked = (self.start + 1..self.keys.len()).contains(&self.marks[at].place);
        let cut = if marked { self.marks[at].place } else { middle };
        let mut used = vec![false; keys];
        let (mut warm, mut left) = (Vec::new(), room);
        for &key in self.keys[..cut].iter().rev() {
            let is_first = !std::mem::replace(&mut used[usize::from(key)], true);
            if is_first && left > 0 {
                left = left.saturating_sub(weight(key));
                warm.push(key);
            }
        }
        warm.reverse();
        let start = warm.len();
        self.keys.copy_within(cut.., start);
        self.keys.truncate(self.keys.len() - cut + start);
        self.keys[..start].copy_from_slice(&warm);
        used.fill(false);
        self.keys.iter().for_each(|key| used[usize::from(*key)] = true);
        self.marks.retain(|mark| mark.place >= cut);
        self.marks.iter_mut().for_each(|mark| mark.place = mark.place - cut + start);
        if self.marks.is_empty() {
            self.marks.push(Mark { place: start + 1, all: 0 });
        }
        self.start = start;
        used
    }
}
