use super::{Extent, ExtentMap, Piece, Run, Weight};
use crate::journal::Seq;
use crate::retry::Dice;

/// A file of this many bytes, so that extents meet often.
const SIZE: u64 = 160;

/// Which byte of which record; `None` for a clean one.
type Byte = Option<(Seq, u64)>;

/// What an extent map stands for, byte by byte.
struct Model(Vec<Byte>);

impl Model {
    /// What it adds less than it might.
    fn insert(&mut self, extent: &Extent<Seq>) -> Weight {
        let most = self.weight() + Weight::of_write(extent.len);
        for at in 0..extent.len {
            self.0[usize::try_from(extent.offset + at).unwrap()] = Some((extent.seq, extent.skip + at));
        }
        most - self.weight()
    }

    fn clear_if(&mut self, gone: impl Fn(u64, (Seq, u64)) -> bool) -> Weight {
        let before = self.weight();
        for (at, byte) in (0..).zip(&mut self.0) {
            *byte = byte.filter(|byte| !gone(at, *byte));
        }
        before - self.weight()
    }

    fn range(&self, from: u64, to: u64) -> &[Byte] {
        let to = usize::try_from(to).unwrap().min(self.0.len());
        &self.0[usize::try_from(from).unwrap().min(to)..to]
    }

    fn dirty(&self, from: u64, to: u64) -> u64 {
        self.range(from, to).iter().flatten().count().try_into().unwrap()
    }

    fn weight(&self) -> Weight {
        Weight { bytes: self.dirty(0, SIZE), extents: self.extents() as u64 }
    }

    /// How few extents can hold it.
    fn extents(&self) -> usize {
        let goes_on = |pair: &[Byte]| match (pair[0], pair[1]) {
            (Some((seq, at)), Some(next)) => next == (seq, at + 1),
            _ => false,
        };
        self.0.iter().flatten().count() - self.0.windows(2).filter(|pair| goes_on(pair)).count()
    }
}

fn bytes_of(len: u64, of: impl Fn(u64) -> Byte) -> Vec<Byte> {
    (0..len).map(of).collect()
}

fn check_pieces(map: &ExtentMap<Seq>, model: &Model, from: u64, len: u64) {
    let mut bytes = Vec::new();
    let mut at = from;
    for piece in map.pieces(from, len) {
        let (offset, len) = match piece {
            Piece::Gap { offset, len } => {
                bytes.extend(bytes_of(len, |_| None));
                (offset, len)
            }
            Piece::Dirty { offset, len, skip, seq, record } => {
                assert_eq!(*record, seq);
                bytes.extend(bytes_of(len, |at| Some((seq, skip + at))));
                (offset, len)
            }
        };
        assert!(offset == at && len > 0, "a piece at {offset}, the one before ended at {at}");
        at = offset + len;
    }
    assert_eq!(bytes, model.range(from, from + len), "the {len} bytes from {from} on");
    let snapshot: u64 = map.snapshot(from, len).iter().map(|extent| extent.len).sum();
    assert_eq!(snapshot, model.dirty(from, from + len));
}

fn check_runs(map: &ExtentMap<Seq>, model: &Model, upto: Seq, bytes_max: u64) {
    let mut bytes = vec![None; model.0.len()];
    let runs: Vec<Run<Seq>> = map.runs(upto, bytes_max).collect();
    for run in &runs {
        assert!((1..=bytes_max).contains(&run.len), "{run:?}");
        let mut at = run.offset;
        for extent in &run.extents {
            assert!(extent.offset == at && extent.seq <= upto && extent.len > 0, "{run:?}");
            for byte in 0..extent.len {
                bytes[usize::try_from(at + byte).unwrap()] = Some((extent.seq, extent.skip + byte));
            }
            at = extent.end();
        }
        assert_eq!(at, run.end(), "{run:?}");
    }
    for pair in runs.windows(2) {
        let may_meet = pair[0].len == bytes_max;
        assert!(pair[0].end() < pair[1].offset || (may_meet && pair[0].end() == pair[1].offset), "{pair:?}");
    }
    let expected: Vec<Byte> = model.0.iter().map(|byte| byte.filter(|(seq, _)| *seq <= upto)).collect();
    assert_eq!(bytes, expected, "runs up to {upto:?} of {bytes_max} bytes");
}

fn check_upto(map: &ExtentMap<Seq>, model: &Model, bytes: u64) {
    let Some(upto) = map.upto(Weight { bytes, extents: u64::MAX }) else { return assert!(map.is_empty()) };
    let old = |limit: Seq| model.0.iter().flatten().filter(|(seq, _)| *seq <= limit).count() as u64;
    assert!(old(upto) >= bytes.min(map.bytes()), "enough");
    assert!(old(Seq(upto.0 - 1)) < bytes.max(1), "and not a record more");
}

fn check_upto_extents(map: &ExtentMap<Seq>, extents: u64) {
    let Some(upto) = map.upto(Weight { bytes: u64::MAX, extents }) else { return assert!(map.is_empty()) };
    let old = |limit: Seq| map.iter().filter(|extent| extent.seq <= limit).count() as u64;
    assert!(old(upto) >= extents.min(map.weight().extents), "enough");
    assert!(old(Seq(upto.0 - 1)) < extents.max(1), "and not a record more");
}

/// An extent somewhere, often a part of a record that was written from before.
fn some_extent(dice: &Dice, seq: u64) -> Extent<Seq> {
    let offset = dice.roll() % SIZE;
    let len = (dice.roll() % 40).min(SIZE - offset);
    let seq =
        Seq(if dice.roll().is_multiple_of(4) { seq.saturating_sub(dice.roll() % 3).max(1) } else { seq });
    // The same record always lies at the same place of the file, as in the journal.
    let skip = offset + seq.0 * 1000;
    Extent { offset, len, skip, seq, record: seq }
}

fn step(map: &mut ExtentMap<Seq>, model: &mut Model, dice: &Dice, seq: u64) {
    match dice.roll() % 20 {
        0 => {
            let length = dice.roll() % (SIZE + 20);
            assert_eq!(map.cut(length), model.clear_if(|at, _| at >= length));
        }
        1 => {
            let upto = Seq(seq.saturating_sub(dice.roll() % 20));
            assert_eq!(map.remove_upto(upto), model.clear_if(|_, (seq, _)| seq <= upto));
        }
        2 if dice.roll().is_multiple_of(8) => assert_eq!(map.clear(), model.clear_if(|_, _| true)),
        _ => {
            let extent = some_extent(dice, seq);
            assert_eq!(map.insert(extent.clone()), model.insert(&extent));
        }
    }
}

fn check(map: &ExtentMap<Seq>, model: &Model, dice: &Dice, seq: u64) {
    assert_eq!((map.bytes(), map.weight()), (model.dirty(0, SIZE), model.weight()));
    assert_eq!(map.is_empty(), map.bytes() == 0);
    assert_eq!(map.iter().count(), model.extents(), "what is one piece is one extent");
    let end = model.0.iter().rposition(Option::is_some).map_or(0, |at| at as u64 + 1);
    assert_eq!(map.end(), end);
    assert_eq!(map.oldest().map(|extent| extent.seq), model.0.iter().flatten().map(|(seq, _)| *seq).min());
    assert_eq!(map.newest(), model.0.iter().flatten().map(|(seq, _)| *seq).max());
    let from = dice.roll() % SIZE;
    check_pieces(map, model, from, dice.roll() % (SIZE - from + 1));
    if dice.roll().is_multiple_of(8) {
        check_pieces(map, model, 0, SIZE);
        check_runs(map, model, Seq(seq.saturating_sub(dice.roll() % 10)), 1 + dice.roll() % 50);
        check_upto(map, model, dice.roll() % SIZE);
        check_upto_extents(map, dice.roll() % 20);
    }
}

#[test]
fn a_million_random_changes_leave_what_they_leave_byte_by_byte() {
    for seed in 0..1000 {
        let dice = Dice::seeded(seed);
        let (mut map, mut model) = (ExtentMap::new(), Model(vec![None; SIZE.try_into().unwrap()]));
        for seq in 1..=1000 {
            step(&mut map, &mut model, &dice, seq);
            check(&map, &model, &dice, seq);
        }
    }
}

fn extent(offset: u64, len: u64, skip: u64, seq: u64) -> Extent<Seq> {
    Extent { offset, len, skip, seq: Seq(seq), record: Seq(seq) }
}

fn all(map: &ExtentMap<Seq>) -> Vec<Extent<Seq>> {
    map.iter().cloned().collect()
}

#[test]
fn a_write_into_the_middle_leaves_both_sides() {
    let mut map = ExtentMap::new();
    map.insert(extent(100, 100, 0, 1));
    assert_eq!(
        map.insert(extent(130, 10, 0, 2)),
        Weight { bytes: 10, extents: 0 },
        "one more, and one split"
    );
    assert_eq!(all(&map), [extent(100, 30, 0, 1), extent(130, 10, 0, 2), extent(140, 60, 40, 1)]);
    assert_eq!(map.remove_upto(Seq(1)), Weight { bytes: 90, extents: 2 });
    assert_eq!(all(&map), [extent(130, 10, 0, 2)]);
}

#[test]
fn a_record_put_in_by_parts_is_one_extent() {
    let mut map = ExtentMap::new();
    map.insert(extent(10, 10, 0, 1));
    map.insert(extent(30, 10, 20, 1));
    assert_eq!(map.iter().count(), 2);
    map.insert(extent(20, 10, 10, 1));
    assert_eq!(all(&map), [extent(10, 30, 0, 1)]);
    map.insert(extent(40, 10, 0, 1));
    assert_eq!(map.iter().count(), 2, "the same bytes once more are not those that follow");
}

#[test]
fn the_end_of_the_world_is_reached_without_overflow() {
    let mut map = ExtentMap::new();
    map.insert(extent(u64::MAX - 10, 10, 0, 1));
    assert_eq!(map.end(), u64::MAX);
    assert_eq!(map.pieces(0, u64::MAX).count(), 2);
    assert_eq!(map.pieces(u64::MAX - 5, u64::MAX).count(), 1);
    assert_eq!(map.runs(Seq(1), u64::MAX).count(), 1);
    assert_eq!(map.cut(u64::MAX - 4), Weight { bytes: 4, extents: 0 });
}

#[test]
fn what_is_newer_than_the_flush_splits_its_runs() {
    let mut map = ExtentMap::new();
    map.insert(extent(0, 100, 0, 1));
    map.insert(extent(100, 100, 0, 2));
    map.insert(extent(50, 10, 0, 3));
    let runs: Vec<_> =
        map.runs(Seq(2), 1 << 20).map(|run| (run.offset, run.len, run.extents.len())).collect();
    assert_eq!(runs, [(0, 50, 1), (60, 140, 2)]);
}
