//! What is measured.

mod floors;
mod mapped;
mod meter;
mod names;
mod random;
mod reads;
mod table;
mod writes;

use std::path::Path;
use std::time::Duration;

use rustix::fd::OwnedFd;

pub(crate) use floors::{Floor, Floors};
pub(crate) use meter::Sample;
pub(crate) use table::WORKLOADS;

use crate::Result;
use crate::tree::Tree;

/// Where a workload runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) tree: &'a Tree,
    /// The top of the tree, natively or through a contender.
    pub(crate) root: &'a Path,
    /// The same, open: names are walked from here, so that none pays for the way to its mount point.
    pub(crate) dir: &'a OwnedFd,
    /// How long to measure, about.
    pub(crate) time: Duration,
}

/// What is measured within one mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// On a mount that was asked nothing yet; each once.
    First,
    /// Names and small files, warm.
    Names,
    /// A large file, warm.
    Bytes,
    /// Changes.
    Writes,
}

impl Group {
    pub(crate) const ALL: [Self; 4] = [Self::First, Self::Names, Self::Bytes, Self::Writes];
}

/// In what a workload is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds per operation.
    Micros,
    /// MiB/s; one operation is 1 MiB.
    MibPerSecond,
}

/// Something that is measured.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// One line for people.
    pub(crate) what: &'static str,
    pub(crate) group: Group,
    pub(crate) unit: Unit,
    pub(crate) floors: Floors,
    /// Makes a fresh mount warm for it.
    warm: Option<fn(&Scene<'_>) -> Result<Sample>>,
    run: fn(&Scene<'_>) -> Result<Sample>,
}

impl Workload {
    pub(crate) fn parse(name: &str) -> Result<&'static Self> {
        let mut named = WORKLOADS.iter().filter(|workload| workload.name == name);
        named.next().ok_or_else(|| format!("no workload `{name}`; try --list").into())
    }

    /// Does once what is to be warm, unmeasured; all of it where the scene is a fresh mount.
    pub(crate) fn warm_up(&self, scene: &Scene<'_>, fresh: bool) -> Result<()> {
        if let Some(warm) = self.warm.filter(|_| fresh) {
            warm(scene)?;
        }
        if self.group != Group::First {
            (self.run)(&Scene { time: scene.time / 10, ..*scene })?;
        }
        Ok(())
    }

    /// Measures it.
    pub(crate) fn run(&self, scene: &Scene<'_>) -> Result<Sample> {
        (self.run)(scene)
    }
}
