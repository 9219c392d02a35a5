use std::time::Duration;

use super::*;
use crate::coherence::{Coherence, Ttls};
use crate::meta::{Nodes, Stamps};
use crate::sync::Arc;

const TTL: Duration = Duration::from_secs(2);
const TTL_NOTHING: Duration = Duration::from_secs(1);
const NOW: Moment = Moment(10_000_000_000);

struct Bench {
    names: Names,
    stamps: Stamps,
    dir: Arc<Node>,
}

impl Bench {
    fn new(names_max: usize) -> Self {
        let stamps = Stamps::default();
        let ttls = Ttls { attr: TTL, name: TTL, negative: TTL_NOTHING, listing: TTL };
        let freshness = Arc::new(Freshness::new(Coherence::Ttl(TTL), ttls));
        let dir = Nodes::new(16, freshness.clone()).get_or_make(id(1), &stamps).0;
        Self { names: Names::new(names_max, freshness), stamps, dir }
    }

    fn asked(&self) -> Asked {
        Asked { stamp: self.stamps.now(), at: NOW, ..Asked::default() }
    }

    fn get(&self, text: &str, after: Duration) -> Option<Target> {
        self.names.get(&self.dir, name(text), NOW.plus(after))
    }

    fn learn(&self, text: &str, target: Target) {
        self.names.learn(&self.dir, name(text), target, self.asked());
    }

    /// A change of ours, up to its end.
    fn begin(&self) -> Stamp {
        let begun = self.stamps.next();
        self.dir.names_changed.raise(begun);
        begun
    }
}

impl Bench {
    /// The change that began then is over.
    fn settle(&self, text: &str, target: Target, begun: Stamp) {
        let asked = Asked { stamp: begun, at: NOW, ..Asked::default() };
        self.names.settle(
            &self.dir,
            name(text),
            Some((target, Seen::new(asked, false))),
            begun,
            self.stamps.next(),
        );
    }
}

fn id(inode: u64) -> FileId {
    FileId { device: 1, inode, generation: 0 }
}

fn name(text: &str) -> Name<'_> {
    Name::new(text).expect("a name")
}

#[test]
fn names_and_missing_names_have_their_own_lifetimes() {
    let bench = Bench::new(16);
    bench.learn("here", Target::File(id(7)));
    bench.learn("gone", Target::Nothing);
    let almost = TTL_NOTHING - Duration::from_nanos(1);
    assert_eq!(bench.get("here", TTL_NOTHING), Some(Target::File(id(7))));
    assert_eq!(bench.get("gone", almost), Some(Target::Nothing));
    assert_eq!(bench.get("gone", TTL_NOTHING), None);
    assert_eq!(bench.get("here", TTL), None);
    assert_eq!(bench.names.hint(&bench.dir, name("here")), Some(Target::File(id(7))));
    assert_eq!(bench.get("never", Duration::ZERO), None);
}

#[test]
fn what_was_asked_before_a_change_of_ours_is_not_kept() {
    let bench = Bench::new(16);
    let asked = bench.asked();
    bench.begin();
    bench.names.learn(&bench.dir, name("a"), Target::Nothing, asked);
    assert_eq!(bench.get("a", Duration::ZERO), None);
    bench.learn("a", Target::File(id(7)));
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::File(id(7))));
}

#[test]
fn of_two_changes_at_once_none_is_believed_in_the_end() {
    let bench = Bench::new(16);
    let (first, second) = (bench.begin(), bench.begin());
    bench.settle("a", Target::File(id(7)), second);
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::File(id(7))), "the other is not over");
    bench.settle("a", Target::Nothing, first);
    assert_eq!(bench.get("a", Duration::ZERO), None);
    let alone = bench.begin();
    bench.settle("a", Target::Nothing, alone);
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::Nothing));
}

#[test]
fn an_answer_from_during_a_change_does_not_replace_what_the_change_left() {
    let bench = Bench::new(16);
    let begun = bench.begin();
    let asked = bench.asked();
    bench.settle("a", Target::File(id(7)), begun);
    bench.names.learn(&bench.dir, name("a"), Target::Nothing, asked);
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::File(id(7))));
}

#[test]
fn what_a_change_carries_over_is_as_old_as_it_was() {
    let bench = Bench::new(16);
    let begun = bench.begin();
    let asked = Asked { stamp: begun, at: NOW, ..Asked::default() };
    let target = Some((Target::File(id(7)), Seen::new(asked, false)));
    bench.names.settle(&bench.dir, name("b"), target, begun, bench.stamps.next());
    assert_eq!(bench.names.fact(&bench.dir, name("b"), NOW.plus(TTL / 2)), target);
    assert_eq!(bench.get("b", TTL), None);
}

#[test]
fn all_names_of_a_directory_can_be_made_void() {
    let bench = Bench::new(16);
    bench.learn("a", Target::File(id(7)));
    bench.dir.names_since.raise(bench.stamps.next());
    assert_eq!(bench.get("a", Duration::ZERO), None);
    bench.learn("a", Target::File(id(8)));
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::File(id(8))));
}

#[test]
fn there_are_never_more_than_the_limit() {
    let bench = Bench::new(8);
    for number in 0..100 {
        bench.learn(&number.to_string(), Target::Nothing);
        assert!(bench.names.len() <= 8);
        assert!(bench.get("0", Duration::ZERO).is_some(), "it is in use all the time");
    }
    bench.names.forget(&bench.dir, name("99"));
    assert_eq!((bench.get("99", Duration::ZERO), bench.names.len()), (None, 7));
    bench.names.clear();
    assert_eq!(bench.names.len(), 0);
    let none = Bench::new(0);
    none.learn("a", Target::Nothing);
    assert_eq!(none.names.len(), 0);
}
