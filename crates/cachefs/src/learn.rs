//! What the backing's answers mean for what is cached of a file.

use std::time::Duration;

use cachefs_vfs::{Attr, Time};

use crate::block::BlockIndex;
use crate::engine::Engine;
use crate::meta::{Asked, Cover, Dropped, Learnt, Node, Seen, Stamp, State, Weakened};
use crate::stats::Counter;

impl Engine {
    /// Takes in attributes the backing answered. Answers whether they are cached.
    pub(crate) fn learn(&self, node: &Node, attr: &Attr, asked: Asked) -> bool {
        self.learn_until(node, attr, asked, asked.stamp)
    }

    /// As [`Self::learn`], for what a change of ours answered: nothing that was asked for before `over` is learnt after
    /// it.
    pub(crate) fn learn_until(&self, node: &Node, attr: &Attr, asked: Asked, over: Stamp) -> bool {
        if asked.overtaken {
            return false;
        }
        let seen = self.seen(node, attr, asked);
        let learnt = {
            let mut state = node.state.lock();
            let proven = state.is_proven(&self.freshness);
            let mut learnt = state.learn(attr, seen, proven, || self.fresh_generation());
            // What nobody told of did not happen, in the same tick or not.
            if learnt.kept && !learnt.foreign && !proven {
                learnt.dropped = self.drop_weak(node, &mut state);
            }
            match learnt.kept {
                _ if over == asked.stamp => {}
                true => state.note_change(over),
                // Somebody asked later, and perhaps saw what it was like before.
                false => state.touch_ctime(over),
            }
            learnt
        };
        self.heed(node, learnt)
    }

    /// As [`Self::learn`], to tell a change by others from one of ours that is about to begin. Weak blocks stay: ours
    /// may be in them, and leaves them as weak as they are.
    pub(crate) fn learn_before_change(&self, node: &Node, attr: &Attr, asked: Asked) -> bool {
        let seen = self.seen(node, attr, asked);
        let learnt = {
            let mut state = node.state.lock();
            let proven = state.is_proven(&self.freshness);
            let learnt = state.learn(attr, seen, proven, || self.fresh_generation());
            state.doubt_weak(proven);
            learnt
        };
        self.heed(node, learnt)
    }

    /// When these attributes were asked for, and whether changes of them have been told of since.
    pub(crate) fn seen(&self, node: &Node, attr: &Attr, asked: Asked) -> Seen {
        let by_name = asked.cover == Some(Cover(attr.id.device))
            && (self.lookout.is_whole() || (!attr.kind.is_dir() && attr.links <= 1));
        self.freshness.seen(asked, by_name || self.is_covered_at(node, asked.stamp))
    }

    fn heed(&self, node: &Node, learnt: Learnt) -> bool {
        if learnt.foreign {
            self.stats.count(Counter::InvalidatedTtl);
            node.names_since.raise(self.stamps.next());
        }
        self.drop_blocks(node, learnt.dropped);
        learnt.kept
    }

    /// Takes the weak blocks out; answers the generation that ended by it, if they were too many for that.
    pub(crate) fn drop_weak(&self, node: &Node, state: &mut State) -> Option<Dropped> {
        match state.take_weak(|| self.fresh_generation()) {
            Weakened::All(dropped) => dropped,
            Weakened::Blocks(ranges) => {
                let generation = state.generation();
                ranges.into_iter().for_each(|range| self.store.forget_blocks(node.id, generation, range));
                None
            }
        }
    }

    /// Gives the memory of a generation that ended back.
    pub(crate) fn drop_blocks(&self, node: &Node, dropped: Option<Dropped>) {
        if let Some(Dropped { generation, end }) = dropped {
            self.store.forget_blocks(node.id, generation, BlockIndex(0)..end);
        }
    }

    /// Whether two changes may leave the same times at all.
    pub(crate) fn has_ticks(&self) -> bool {
        !self.backing.caps().granularity.is_zero()
    }

    /// Whether a change to the file within the same tick of the backing's clock could still go unseen.
    pub(crate) fn is_young(&self, state: &State) -> bool {
        let granularity = self.backing.caps().granularity;
        let Some(attr) = state.attr_known() else { return true };
        // By the file's own time where the clocks agree; where they don't, by how long this version is known.
        let old = age(self.clock.wall(), attr.ctime).is_some_and(|age| age >= granularity);
        !old && self.clock.now().since(state.first_seen()) < granularity
    }
}

/// How old something is by a wall clock; `None` if it is in the future.
fn age(now: Time, then: Time) -> Option<Duration> {
    let nanos = |time: Time| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    u64::try_from(nanos(now) - nanos(then)).ok().map(Duration::from_nanos)
}
