use super::*;
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
        let dir = Nodes::new(16).get_or_make(id(1), &stamps).0;
        Self { names: Names::new(names_max, TTL, TTL_NOTHING), stamps, dir }
    }

    fn asked(&self) -> Asked {
        Asked { stamp: self.stamps.now(), at: NOW }
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
    bench.names.settle(&bench.dir, name("a"), Some(Target::File(id(7))), second, NOW);
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::File(id(7))), "the other is not over");
    bench.names.settle(&bench.dir, name("a"), Some(Target::Nothing), first, NOW);
    assert_eq!(bench.get("a", Duration::ZERO), None);
    let alone = bench.begin();
    bench.names.settle(&bench.dir, name("a"), Some(Target::Nothing), alone, NOW);
    assert_eq!(bench.get("a", Duration::ZERO), Some(Target::Nothing));
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
