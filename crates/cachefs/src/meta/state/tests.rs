use cachefs_vfs::{FileId, FileKind, Mode, Time};

use super::*;
use crate::meta::{Asked, Stamps};

const TTL: Duration = Duration::from_secs(1);
const NOW: Moment = Moment(10_000_000_000);

fn attr(size: u64, changed: i64) -> Attr {
    let time = Time { seconds: changed, nanos: 0 };
    Attr {
        id: FileId { device: 1, inode: 2, generation: 3 },
        kind: FileKind::Regular,
        mode: Mode::new(0o644),
        links: 1,
        uid: 0,
        gid: 0,
        device: 0,
        size,
        blocks: 0,
        block_size: 4096,
        atime: time,
        mtime: time,
        ctime: time,
        btime: None,
        tag: 0,
    }
}

/// The same file after something that moves `ctime` only.
fn touched(attr: Attr, seconds: i64) -> Attr {
    Attr { ctime: Time { seconds, nanos: 0 }, ..attr }
}

fn ttl(ttl: Duration) -> Freshness {
    Freshness::ttl(ttl)
}

fn fresh(number: u64) -> impl FnOnce() -> Generation {
    move || Generation(number)
}

struct Bench {
    state: State,
    stamps: Stamps,
}

impl Bench {
    /// A file of one block in the store.
    fn new() -> Self {
        let stamps = Stamps::default();
        let mut bench = Self { state: State::new(Generation(1), stamps.now()), stamps };
        assert!(bench.learn(attr(10, 1), NOW).kept);
        bench.state.note_block(BlockIndex(0));
        bench
    }

    fn asked(&self, at: Moment) -> Seen {
        Seen::new(Asked { stamp: self.stamps.now(), at, ..Asked::default() }, false)
    }

    fn learn(&mut self, attr: Attr, at: Moment) -> Learnt {
        let asked = self.asked(at);
        self.state.learn(&attr, asked, false, fresh(2))
    }

    fn end_change(&mut self, attr: Attr, begun: Stamp) {
        let asked = self.asked(NOW);
        let over = Asked { stamp: self.stamps.next(), at: NOW, ..Asked::default() };
        self.state.end_change(attr, asked, begun, over);
    }

    fn later() -> Moment {
        NOW.plus(TTL)
    }
}

#[test]
fn attributes_hold_for_their_lifetime() {
    let bench = Bench::new();
    assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).is_some());
    assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, Moment(NOW.0 + 999_999_999)).is_some());
    assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, Bench::later()).is_none());
    assert!(bench.state.attr_fresh(&ttl(Duration::ZERO), Fact::Attr, NOW).is_none());
}

#[test]
fn the_same_version_keeps_the_generation_and_another_ends_it() {
    let mut bench = Bench::new();
    let same = bench.learn(attr(10, 1), Bench::later());
    assert_eq!((same.foreign, same.dropped), (false, None));
    let other = bench.learn(attr(10, 2), Bench::later());
    let dropped = Dropped { generation: Generation(1), end: BlockIndex(1) };
    assert_eq!((other.foreign, other.dropped), (true, Some(dropped)));
    assert_eq!(bench.state.generation(), Generation(2));
    assert_eq!(bench.state.lost(BlockIndex(0)), Some(MissReason::Invalidated));
    assert_eq!(bench.state.lost(BlockIndex(1)), None);
}

#[test]
fn what_was_asked_before_a_change_of_ours_is_not_learnt() {
    let mut bench = Bench::new();
    let asked = bench.asked(Bench::later());
    bench.state.touch_ctime(bench.stamps.next());
    let learnt = bench.state.learn(&attr(99, 9), asked, false, fresh(2));
    assert_eq!(learnt, Learnt::default());
    assert_eq!(bench.state.attr_known().map(|attr| attr.size), Some(10));
}

#[test]
fn what_was_asked_earlier_does_not_replace_what_was_asked_later() {
    let mut bench = Bench::new();
    assert!(bench.learn(attr(20, 2), Bench::later()).kept);
    assert!(!bench.learn(attr(10, 1), NOW).kept);
    assert_eq!(bench.state.attr_known().map(|attr| attr.size), Some(20));
}

#[test]
fn a_change_of_ours_to_a_name_moves_ctime_and_nothing_else() {
    let mut bench = Bench::new();
    bench.state.touch_ctime(bench.stamps.next());
    assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).is_none());
    assert!(!bench.learn(touched(attr(10, 1), 5), Bench::later()).foreign);
    assert!(bench.learn(touched(attr(10, 1), 6), Bench::later()).foreign, "it excuses one move");
    bench.state.touch_ctime(bench.stamps.next());
    assert!(bench.learn(attr(10, 7), Bench::later()).foreign, "and none of mtime");
}

#[test]
fn a_change_of_ours_keeps_the_generation_and_holds_off_answers() {
    let mut bench = Bench::new();
    let begun = bench.stamps.next();
    bench.state.begin_change(begun, Some(BlockIndex(0)..BlockIndex(1)));
    assert!(!bench.learn(attr(20, 2), NOW).kept, "half of it, for all we know");
    bench.end_change(attr(20, 2), begun);
    assert_eq!(bench.state.generation(), Generation(1));
    assert_eq!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).map(|attr| attr.size), Some(20));
    assert!(!bench.learn(attr(20, 2), Bench::later()).foreign);
}

#[test]
fn another_change_of_ours_during_a_write_leaves_nothing_to_answer() {
    let mut bench = Bench::new();
    let begun = bench.stamps.next();
    bench.state.begin_change(begun, Some(BlockIndex(0)..BlockIndex(1)));
    bench.state.touch_ctime(bench.stamps.next());
    bench.end_change(attr(20, 2), begun);
    assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).is_none());
    assert!(!bench.learn(touched(attr(20, 2), 3), NOW).foreign, "the rename moved it");
}

#[test]
fn a_load_that_met_a_write_is_not_kept() {
    let mut bench = Bench::new();
    let mark = bench.state.begin_load();
    assert!(bench.state.may_keep(Generation(1), mark, BlockIndex(0)));
    let begun = bench.stamps.next();
    bench.state.begin_change(begun, Some(BlockIndex(0)..BlockIndex(1)));
    let during = bench.state.begin_load();
    bench.end_change(attr(10, 2), begun);
    assert!(!bench.state.may_keep(Generation(1), mark, BlockIndex(0)));
    assert!(!bench.state.may_keep(Generation(1), during, BlockIndex(0)));
    assert!(bench.state.may_keep(Generation(1), mark, BlockIndex(1)), "another block");
    assert!(!bench.state.may_keep(Generation(0), mark, BlockIndex(1)), "another generation");
}

#[test]
fn weak_blocks_go_at_once_unless_they_are_many() {
    let mut bench = Bench::new();
    bench.state.note_weak(BlockIndex(3), NOW);
    bench.state.note_weak(BlockIndex(1), NOW);
    assert!(bench.state.has_weak_older(Bench::later(), TTL));
    let weak = [BlockIndex(1)..BlockIndex(2), BlockIndex(3)..BlockIndex(4)];
    assert_eq!(bench.state.take_weak(fresh(2)), Weakened::Blocks(weak.to_vec()));
    assert_eq!(bench.state.lost(BlockIndex(1)), Some(MissReason::Expired));
    assert_eq!(bench.state.take_weak(fresh(2)), Weakened::Blocks(Vec::new()), "once");
    (0..=WEAK_BLOCKS_MAX).for_each(|block| bench.state.note_weak(BlockIndex(block), NOW));
    let dropped = Dropped { generation: Generation(1), end: BlockIndex(1) };
    assert_eq!(bench.state.take_weak(fresh(2)), Weakened::All(Some(dropped)));
    assert_eq!(bench.state.generation(), Generation(2));
}

#[test]
fn attributes_asked_for_during_a_change_are_not_learnt_after_it() {
    let mut bench = Bench::new();
    let begun = bench.stamps.next();
    bench.state.begin_change(begun, None);
    let during = bench.asked(Bench::later());
    bench.end_change(attr(20, 2), begun);
    assert!(!bench.state.learn(&attr(10, 1), during, false, fresh(2)).kept);
    assert!(bench.learn(attr(20, 2), Bench::later()).kept);
}

#[test]
fn a_change_of_ours_leaves_a_length_that_is_recent_when_it_ends() {
    let mut bench = Bench::new();
    let recent = TTL / 100;
    assert_eq!(bench.state.size_within(&ttl(TTL), NOW, recent), Some(10));
    let (slow, end) = (NOW.plus(TTL / 2), NOW.plus(TTL / 2 + recent));
    assert_eq!(bench.state.size_within(&ttl(TTL), slow, recent), None);
    let begun = bench.stamps.next();
    bench.state.begin_change(begun, None);
    let over = Asked { stamp: bench.stamps.next(), at: slow, ..Asked::default() };
    bench.state.end_change(attr(20, 2), bench.asked(NOW), begun, over);
    assert_eq!(bench.state.size_within(&ttl(TTL), slow, recent), Some(20));
    assert_eq!(bench.state.size_within(&ttl(TTL), end, recent), None);
    assert_eq!(
        bench.state.size_within(&ttl(TTL / 4), slow, recent),
        None,
        "its lifetime began with the question"
    );
}

#[test]
fn what_was_made_is_learnt_unless_it_was_changed_before_the_answer_came() {
    let mut bench = Bench::new();
    let asked = bench.asked(NOW);
    bench.state.renew(&attr(0, 5), asked, bench.stamps.next(), Generation(2));
    assert_eq!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).map(|attr| attr.size), Some(0));
    bench.state.renew(&attr(7, 7), asked, bench.stamps.next(), Generation(3));
    assert!(bench.state.attr_known().is_none());
}

#[test]
fn blocks_that_were_not_checked_end_with_their_generation() {
    let mut bench = Bench::new();
    let mark = bench.state.begin_load();
    let dropped = Dropped { generation: Generation(1), end: BlockIndex(1) };
    assert_eq!(bench.state.doubt_blocks(fresh(2)), Some(dropped));
    assert!(!bench.state.may_keep(Generation(1), mark, BlockIndex(0)));
    assert_eq!(
        State::new(Generation(1), Stamp::default()).doubt_blocks(fresh(2)),
        None,
        "nothing was loaded"
    );
}

#[test]
fn a_reset_takes_the_next_answer_as_it_is() {
    let mut bench = Bench::new();
    let dropped = bench.state.reset(bench.stamps.next(), Generation(5), MissReason::Invalidated);
    assert_eq!(dropped.map(|dropped| dropped.end), Some(BlockIndex(1)));
    let learnt = bench.learn(attr(70, 7), NOW);
    assert!(learnt.kept && !learnt.foreign);
    assert_eq!(bench.state.generation(), Generation(5));
}

#[test]
fn what_was_told_excuses_ctime_where_all_would_have_been_told() {
    for (proven, foreign) in [(true, false), (false, true)] {
        let mut bench = Bench::new();
        bench.state.heed_attr(bench.stamps.next(), true);
        assert!(bench.state.attr_fresh(&ttl(TTL), Fact::Attr, NOW).is_none());
        let asked = bench.asked(Bench::later());
        assert_eq!(bench.state.learn(&touched(attr(10, 1), 5), asked, proven, fresh(2)).foreign, foreign);
        let asked = bench.asked(Bench::later());
        let learnt = bench.state.learn(&touched(attr(10, 1), 6), asked, proven, fresh(3));
        assert!(learnt.foreign, "it excuses one move");
    }
    let mut bench = Bench::new();
    bench.state.heed_attr(bench.stamps.next(), true);
    let asked = bench.asked(Bench::later());
    assert!(bench.state.learn(&attr(10, 7), asked, true, fresh(2)).foreign, "and none of mtime");
}

#[test]
fn weak_blocks_from_before_the_watch_take_its_cover() {
    let mut bench = Bench::new();
    bench.state.note_weak(BlockIndex(0), NOW);
    let watched = ttl(TTL);
    let asked = Asked { stamp: bench.stamps.now(), at: NOW, ..Asked::default() };
    bench.state.learn(&attr(10, 1), Seen::new(asked, true), false, fresh(2));
    assert!(bench.state.is_proven(&watched));
    bench.state.doubt_weak(false);
    assert!(!bench.state.is_proven(&watched));
}
