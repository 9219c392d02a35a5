use cachefs_vfs::{Attr, FileId, Result, Vfs};

use crate::backing::Backing;
use crate::block::Generation;
use crate::coherence::{Fact, Freshness, Lookout};
use crate::config::Config;
use crate::curve::Tap;
use crate::fill::Fills;
use crate::handle::{Handles, Renames};
use crate::meta::{Asked, Changing, Glimpse, Listings, Names, Node, Nodes, Sight, Stamps, View};
use crate::pins::Pins;
use crate::stats::{Counter, MissReason, Stats};
use crate::store::{PolicyFactory, Store, StoreLimits};
use crate::sync::{Arc, AtomicUsize};
use crate::time::{Clock, Now, When};

/// Everything that the handles of one cache share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) backing: Backing,
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stats: Stats,
    pub(crate) store: Store,
    pub(crate) tap: Tap,
    pub(crate) fills: Fills,
    pub(crate) stamps: Stamps,
    pub(crate) freshness: Arc<Freshness>,
    pub(crate) lookout: Lookout,
    pub(crate) nodes: Nodes,
    pub(crate) names: Names,
    pub(crate) listings: Listings,
    pub(crate) handles: Handles,
    pub(crate) renames: Renames,
    pub(crate) pins: Pins,
    /// Handles of ours.
    pub(crate) held: AtomicUsize,
}

impl Engine {
    pub(crate) fn new(
        backing: Arc<dyn Vfs>,
        config: Config,
        clock: Arc<dyn Clock>,
        policy: &PolicyFactory,
    ) -> Self {
        let stats = Stats::new();
        let limits = StoreLimits {
            bytes_max: config.memory_bytes,
            entries_max: config.block_entries,
            shards: 0,
            kept_max: config.pin_bytes_max,
        };
        let names_max = config.metadata_entries / 2;
        let freshness = Arc::new(Freshness::new(config.coherence, config.ttls));
        Self {
            backing: Backing::new(backing, Arc::clone(&clock), stats.clone()),
            store: Store::new(limits, policy, stats.clone()),
            tap: Tap::new(config.memory_bytes, config.curve, stats.clone()),
            fills: Fills::new(stats.clone()),
            stamps: Stamps::default(),
            nodes: Nodes::new(config.metadata_entries - names_max, Arc::clone(&freshness)),
            names: Names::new(names_max, Arc::clone(&freshness)),
            listings: Listings::new(config.listing_entries, Arc::clone(&freshness)),
            lookout: Lookout::default(),
            freshness,
            handles: Handles::new(config.handles_max),
            renames: Renames::default(),
            pins: Pins::default(),
            held: AtomicUsize::new(0),
            config,
            clock,
            stats,
        }
    }

    /// To be taken before the backing is asked.
    pub(crate) fn asked(&self) -> Asked {
        Asked { stamp: self.stamps.now(), at: self.clock.now(), ..Asked::default() }
    }

    pub(crate) fn fresh_generation(&self) -> Generation {
        Generation(self.stamps.next().number())
    }

    /// The node of an inode the backing told of, with what it told.
    pub(crate) fn adopt(&self, attr: &Attr, asked: Asked) -> Arc<Node> {
        let node = self.node(attr);
        self.learn(&node, attr, asked);
        self.reconsider(&node);
        node
    }

    /// The node of an inode that we made, or cut to nothing, with what it was like then.
    pub(crate) fn adopt_new(&self, attr: &Attr, asked: Asked) -> Arc<Node> {
        let node = self.node(attr);
        let stamp = self.stamps.next();
        let seen = self.seen(&node, attr, asked);
        let dropped = {
            let mut state = node.state.lock();
            let dropped = state.renew(attr, seen, stamp, self.fresh_generation());
            if asked.overtaken {
                state.expire();
            }
            dropped
        };
        node.names_since.raise(stamp);
        self.drop_blocks(&node, dropped);
        node
    }

    fn node(&self, attr: &Attr) -> Arc<Node> {
        let (node, gone) = self.nodes.get_or_make(attr.id, &self.stamps);
        gone.iter().for_each(|node| self.lay_off(node));
        node
    }

    /// The attributes, from memory or the backing.
    #[inline(always)]
    pub(crate) fn attr(&self, node: &Arc<Node>) -> Result<Attr> {
        self.attr_or(node, || ())
    }

    /// The same; what is to be done before the backing is asked is done by `prepare`.
    #[inline(always)]
    pub(crate) fn attr_or(&self, node: &Arc<Node>, prepare: impl FnOnce()) -> Result<Attr> {
        let fresh = self.fresh(node, Fact::Attr, &self.now());
        if let Some(glimpse) = fresh {
            self.stats.count(Counter::AttrHit);
            return Ok(glimpse.attr(node.id));
        }
        prepare();
        self.refresh(node).or_else(|error| Ok(self.last_seen(node, error)?.0))
    }

    /// The attributes, if they are known and young enough.
    pub(crate) fn attr_in_memory(&self, node: &Node) -> Option<Attr> {
        self.fresh(node, Fact::Attr, &self.now()).map(|glimpse| glimpse.attr(node.id))
    }

    /// The state of the inode, if what is known of it may be answered for this purpose. Waits only for who is changing
    /// it.
    #[inline(always)]
    pub(crate) fn fresh(&self, node: &Node, fact: Fact, now: impl When) -> Option<Glimpse> {
        let glimpse = node.state.glimpse().unwrap_or_else(|Changing| node.state.glimpse_locked());
        let holds = glimpse.seen().is_some_and(|seen| self.freshness.holds(fact, seen, now));
        holds.then_some(glimpse)
    }

    /// As [`Self::fresh`], for who needs less of it.
    #[inline(always)]
    pub(crate) fn fresh_sight(&self, node: &Node, fact: Fact, now: impl When) -> Option<Sight> {
        let sight = node.state.sight();
        let holds = sight.seen().is_some_and(|seen| self.freshness.holds(fact, seen, now));
        holds.then_some(sight)
    }

    /// The same of the inode with this identity, for its attributes; a use of it.
    #[inline(always)]
    pub(crate) fn fresh_by_id(&self, id: FileId, now: &Now<'_>) -> Option<Glimpse> {
        self.nodes.with(id, |node| self.fresh(node, Fact::Attr, now)).flatten()
    }

    /// The time, for lifetimes.
    #[inline]
    pub(crate) fn now(&self) -> Now<'_> {
        Now::of(&*self.clock)
    }

    /// The attributes, from the backing.
    pub(crate) fn refresh(&self, node: &Arc<Node>) -> Result<Attr> {
        let asked = self.asked_of(node);
        let attr = self.ask_attr(node)?;
        self.stats.count(Counter::AttrMiss);
        self.learn(node, &attr, asked);
        Ok(attr)
    }

    /// What a reader sees now, checked with the backing where that was too long ago.
    #[inline(always)]
    pub(crate) fn view(&self, node: &Arc<Node>) -> Result<View> {
        match self.fresh_sight(node, Fact::Reading, &self.now()) {
            Some(sight) => Ok(sight.view()),
            None => self.view_checked(node),
        }
    }

    #[cold]
    fn view_checked(&self, node: &Arc<Node>) -> Result<View> {
        match self.refresh(node) {
            Ok(attr) => {
                let state = node.state.lock();
                let view = state.view_of(attr.size);
                // What is here is from before it, and may be from before others closed the file, too.
                let is_past = state.is_changing(&attr) && !state.is_proven(&self.freshness);
                Ok(if is_past { View { generation: self.fresh_generation(), ..view } } else { view })
            }
            Err(error) => Ok(self.last_seen(node, error)?.1),
        }
    }

    /// Nothing known of the inode holds any more: the next answer of the backing is taken as it is.
    pub(crate) fn reset(&self, node: &Node, reason: MissReason) {
        let stamp = self.stamps.next();
        let dropped = node.state.lock().reset(stamp, self.fresh_generation(), reason);
        self.drop_blocks(node, dropped);
    }
}
