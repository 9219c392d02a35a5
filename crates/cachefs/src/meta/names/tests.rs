use std::time::Duration;

use cachefs_vfs::WatchHow;

use super::*;
use crate::coherence::{Coherence, Ttls};
use crate::meta::{Cover, Nodes, Stamps};
use crate::sync::Arc;
use crate::time::Moment;

const TTL: Duration = Duration::from_secs(2);
const TTL_NOTHING: Duration = Duration::from_secs(1);
const TTLS: Ttls = Ttls { attr: TTL, name: TTL, negative: TTL_NOTHING, listing: TTL };
const NOW: Moment = Moment(10_000_000_000);

struct Bench {
    names: Names,
    stamps: Stamps,
    dir: Arc<Node>,
}

impl Bench {
    fn new(names_max: usize) -> Self {
        Self::of(Freshness::new(Coherence::Ttl(TTL), TTLS), names_max)
    }

    fn of(freshness: Freshness, names_max: usize) -> Self {
        let (stamps, freshness) = (Stamps::default(), Arc::new(freshness));
        let dir = Nodes::new(16, Arc::clone(&freshness)).get_or_make(id(1), &stamps).0;
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

/// In a directory that is under watch.
fn watched() -> (Bench, Asked) {
    let bench = Bench::of(Freshness::new(Coherence::Watch(WatchHow::default()), TTLS), 16);
    let asked = Asked { cover: Some(Cover(1)), ..bench.asked() };
    (bench, asked)
}

#[test]
fn what_is_under_watch_holds_and_what_is_mounted_in_it_has_a_lifetime() {
    let (bench, asked) = watched();
    let mounted = FileId { device: 2, ..id(7) };
    for (text, target) in [("here", Target::File(id(7))), ("mounted", Target::File(mounted))] {
        assert!(bench.names.learn(&bench.dir, name(text), target, asked).is_here);
    }
    assert!(bench.names.learn(&bench.dir, name("gone"), Target::Nothing, asked).is_here);
    assert_eq!(bench.get("here", TTL * 100), Some(Target::File(id(7))));
    assert_eq!(bench.get("gone", TTL * 100), Some(Target::Nothing));
    assert_eq!(bench.get("mounted", TTL / 2), Some(Target::File(mounted)));
    assert_eq!(bench.get("mounted", TTL), None);
}

#[test]
fn what_others_changed_since_it_was_asked_for_is_not_kept() {
    let (bench, asked) = watched();
    bench.names.freshness.raise(Changed::Name(bench.dir.id, name("a")), bench.stamps.next());
    let (told, other) = (
        bench.names.learn(&bench.dir, name("a"), Target::Nothing, asked),
        bench.names.learn(&bench.dir, name("b"), Target::Nothing, asked),
    );
    assert_eq!((told.overtaken, told.is_here, other.overtaken, other.is_here), (true, false, false, true));
    assert_eq!(bench.get("a", Duration::ZERO), None);
}

#[test]
fn what_others_say_of_a_name_is_a_hint() {
    let (bench, _) = watched();
    bench.names.note(&bench.dir, name("a"), id(7));
    assert_eq!(bench.get("a", Duration::ZERO), None);
    assert_eq!(bench.names.hint(&bench.dir, name("a")), Some(Target::File(id(7))));
}

#[test]
fn who_leaves_the_table_is_told_to_those_who_watch() {
    let (bench, asked) = watched();
    let learn = |text: &str, inode| {
        bench.names.learn(&bench.dir, name(text), Target::File(id(inode)), asked).displaced
    };
    assert!(learn("a", 1).is_empty() && learn("a", 1).is_empty());
    assert_eq!(learn("a", 2), [id(1)], "it stands for something else");
    let mut gone: Vec<_> = (100..200).flat_map(|inode| learn(&format!("{inode}"), inode)).collect();
    gone.sort_unstable();
    assert_eq!(gone.first(), Some(&id(2)), "no room");
}
