use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::odds::Odds;

/// What the names in each directory stand for, by inode number.
pub(super) type Tree = BTreeMap<u64, BTreeMap<OsString, u64>>;

/// Stands among the directories of a step for the shape of the tree: steps that move directories are kept or lost in
/// order, all over the tree, so that none ends up within itself.
const SHAPE: u64 = 0;

/// The names that are durable, and what happened to names since.
#[derive(Debug, Default)]
pub(super) struct Names {
    durable: Tree,
    steps: Vec<Step>,
}

/// One verb: all of it survives, or nothing.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) edits: Vec<Edit>,
    pub(super) moves_directory: bool,
}

/// A name in a directory stands for another inode, or nothing, from here on.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) dir: u64,
    pub(super) name: OsString,
    pub(super) to: Option<u64>,
}

impl Step {
    fn dirs(&self) -> impl Iterator<Item = u64> {
        self.edits.iter().map(|edit| edit.dir).chain(self.moves_directory.then_some(SHAPE))
    }

    fn apply(&self, tree: &mut Tree) {
        for edit in &self.edits {
            let dir = tree.entry(edit.dir).or_default();
            match edit.to {
                Some(inode) => dir.insert(edit.name.clone(), inode),
                None => dir.remove(&edit.name),
            };
        }
    }
}

impl Names {
    pub(super) fn of(tree: Tree) -> Self {
        Self { durable: tree, steps: Vec::new() }
    }

    pub(super) fn changed(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Makes the steps of one directory durable, and those that came before them in the directories they share.
    pub(super) fn sync(&mut self, dir: u64) {
        let mut dirs = BTreeSet::from([dir]);
        let mut taken = vec![false; self.steps.len()];
        for (taken, step) in taken.iter_mut().zip(&self.steps).rev() {
            if step.dirs().any(|dir| dirs.contains(&dir)) {
                dirs.extend(step.dirs());
                *taken = true;
            }
        }
        let steps = std::mem::take(&mut self.steps);
        for (step, taken) in steps.into_iter().zip(taken) {
            if taken { step.apply(&mut self.durable) } else { self.steps.push(step) }
        }
    }

    /// Makes all steps durable.
    pub(super) fn sync_all(&mut self) {
        for step in std::mem::take(&mut self.steps) {
            step.apply(&mut self.durable);
        }
    }

    /// What survives: of each directory the steps up to some point or, in no order, any of them.
    pub(super) fn survive(&self, odds: &mut Odds, in_order: bool) -> Tree {
        let mut tree = self.durable.clone();
        if !in_order {
            self.steps.iter().filter(|_| odds.survives()).for_each(|step| step.apply(&mut tree));
            return tree;
        }
        let mut counts = BTreeMap::<u64, usize>::new();
        for dir in self.steps.iter().flat_map(Step::dirs) {
            *counts.entry(dir).or_default() += 1;
        }
        let mut left: BTreeMap<u64, usize> =
            counts.into_iter().map(|(dir, count)| (dir, odds.lost_from(count))).collect();
        for step in &self.steps {
            let survives = step.dirs().all(|dir| left[&dir] > 0);
            for dir in step.dirs() {
                let left = left.entry(dir).or_default();
                *left = if survives { left.saturating_sub(1) } else { 0 };
            }
            if survives {
                step.apply(&mut tree);
            }
        }
        tree
    }
}
