use std::time::Duration;

use cachefs_vfs::{DirEntry, Name};

use super::*;
use crate::meta::{Nodes, Recorder, Stamps};

const TTL: Duration = Duration::from_secs(1);
const NOW: Moment = Moment(10_000_000_000);

struct Bench {
    listings: Listings,
    nodes: Nodes,
    stamps: Stamps,
}

impl Bench {
    fn new(entries_max: usize) -> Self {
        let freshness = Arc::new(Freshness::ttl(TTL));
        let listings = Listings::new(entries_max, Arc::clone(&freshness));
        Self { listings, nodes: Nodes::new(64, freshness), stamps: Stamps::default() }
    }

    fn dir(&self, inode: u64) -> Arc<Node> {
        self.nodes.get_or_make(FileId { device: 1, inode, generation: 0 }, &self.stamps).0
    }

    fn asked(&self) -> Asked {
        Asked { stamp: self.stamps.now(), at: NOW, ..Asked::default() }
    }

    /// Keeps the entries with the places from `after` + 1 to `last`.
    fn learn(&self, dir: &Node, after: u64, last: u64, complete: bool) {
        self.listings.learn(dir, Cookie(after), chunk(after, last), complete, self.asked());
    }

    /// The places of the entries that are known from `after` on, and whether they go to the end.
    fn read(&self, dir: &Node, after: u64) -> (Vec<u64>, bool) {
        let Some(rest) = self.listings.find(dir, Cookie(after), NOW) else { return (Vec::new(), false) };
        (rest.entries().map(|entry| entry.next.0).collect(), rest.is_complete())
    }
}

fn chunk(after: u64, last: u64) -> Chunk {
    let mut recorder = Recorder::new(Cookie(after), 1000);
    for place in after + 1..=last {
        let text = format!("entry{place}");
        let name = Name::new(&text).expect("a name");
        recorder.take(&DirEntry { name, inode: place, kind: None, next: Cookie(place), attr: None });
    }
    recorder.finish().expect("whole")
}

#[test]
fn a_listing_grows_until_it_is_complete() {
    let bench = Bench::new(100);
    let dir = bench.dir(1);
    assert_eq!(bench.read(&dir, 0), (vec![], false));
    bench.learn(&dir, 0, 3, false);
    assert_eq!(bench.read(&dir, 0), (vec![1, 2, 3], false));
    bench.learn(&dir, 3, 5, true);
    assert_eq!(bench.read(&dir, 0), (vec![1, 2, 3, 4, 5], true));
    assert_eq!(bench.read(&dir, 2), (vec![3, 4, 5], true));
    assert_eq!(bench.read(&dir, 3), (vec![4, 5], true));
    assert_eq!(bench.read(&dir, 5), (vec![], true));
    assert_eq!(bench.read(&dir, 9), (vec![], false), "a place that is not ours");
    assert_eq!(bench.listings.cost(), 6);
}

#[test]
fn what_does_not_go_on_where_it_stands_is_not_kept() {
    let bench = Bench::new(100);
    let dir = bench.dir(1);
    bench.learn(&dir, 3, 5, true);
    assert_eq!(bench.read(&dir, 3), (vec![], false));
    bench.learn(&dir, 0, 3, false);
    bench.learn(&dir, 7, 9, true);
    assert_eq!(bench.read(&dir, 0), (vec![1, 2, 3], false));
    bench.learn(&dir, 0, 2, true);
    assert_eq!(bench.read(&dir, 0), (vec![1, 2], true), "from the start, it is a new one");
}

#[test]
fn a_change_of_ours_and_the_end_of_its_life_end_a_listing() {
    let bench = Bench::new(100);
    let dir = bench.dir(1);
    bench.learn(&dir, 0, 3, false);
    dir.names_changed.raise(bench.stamps.next());
    assert_eq!(bench.read(&dir, 0), (vec![], false));
    bench.learn(&dir, 0, 3, false);
    dir.names_changed.raise(bench.stamps.next());
    bench.learn(&dir, 3, 5, true);
    assert_eq!(bench.read(&dir, 0), (vec![], false), "its beginning is from before the change");
    bench.learn(&dir, 0, 3, true);
    assert!(bench.listings.find(&dir, Cookie::START, NOW.plus(TTL)).is_none());
    assert_eq!(bench.listings.cost(), 0);
}

#[test]
fn there_are_never_more_entries_than_the_limit() {
    let bench = Bench::new(10);
    let dirs: Vec<_> = (0..4).map(|inode| bench.dir(inode)).collect();
    for dir in &dirs {
        bench.learn(dir, 0, 4, true);
        assert!(bench.listings.cost() <= 10);
    }
    assert_eq!(
        (bench.read(&dirs[0], 0), bench.read(&dirs[3], 0)),
        ((vec![], false), (vec![1, 2, 3, 4], true))
    );
    bench.learn(&dirs[0], 0, 10, true);
    assert_eq!(bench.read(&dirs[0], 0), (vec![], false), "one that is too long is not kept");
    assert_eq!(bench.listings.cost(), 10, "and drives out no other");
    bench.listings.forget(dirs[3].id);
    assert_eq!(bench.listings.cost(), 5);
}

#[test]
fn empty_listings_are_bounded() {
    let bench = Bench::new(4);
    let dirs: Vec<_> = (0..10).map(|inode| bench.dir(inode)).collect();
    dirs.iter().for_each(|dir| bench.learn(dir, 0, 0, true));
    let known = dirs.iter().filter(|dir| bench.read(dir, 0).1).count();
    assert_eq!((known, bench.listings.cost()), (4, 4));
}

#[test]
fn what_was_found_stays_when_the_listing_goes() {
    let bench = Bench::new(100);
    let dir = bench.dir(1);
    bench.learn(&dir, 0, 3, false);
    bench.learn(&dir, 3, 5, true);
    let rest = bench.listings.find(&dir, Cookie(2), NOW).expect("known");
    bench.listings.clear();
    assert_eq!(rest.entries().map(|entry| entry.next.0).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(rest.is_complete() && bench.listings.find(&dir, Cookie(2), NOW).is_none());
}
