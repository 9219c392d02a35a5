use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::Result;
use crate::contender::Contender;
use crate::figures::{Figures, Pair};
use crate::flags::Flags;
use crate::requests::Requests;
use crate::session::Session;
use crate::tree::Tree;
use crate::workload::{Group, Sample, Scene, Workload};

/// All contenders, all workloads, all rounds.
///
/// A contender is mounted for its turn only. Beside a mount that watches the source, the directory itself would be
/// slower, and the mount would be busy with what it is told of others.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    tree: &'a Tree,
    time: Duration,
    rounds: usize,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) workloads: Vec<&'static Workload>,
    /// By contender, then by workload.
    pub(crate) figures: Vec<Vec<Figures>>,
}

/// What one measurement gave; with what the daemon was sent, if it tells.
type Measured = Result<(Sample, Option<Requests>)>;

impl<'a> Comparison<'a> {
    pub(crate) fn new(tree: &'a Tree, flags: &Flags, contenders: Vec<Contender>) -> Self {
        let workloads = flags.workloads.clone();
        let row = || workloads.iter().map(|_| Figures::default()).collect();
        let figures = contenders.iter().map(|_| row()).collect();
        Self { tree, time: flags.time, rounds: flags.rounds, contenders, workloads, figures }
    }

    /// Goes round; tells of each turn and of what fails. Fails itself where it is told to stop.
    pub(crate) fn run(&mut self, stop: &AtomicBool, say: impl Fn(&str)) -> Result<()> {
        for round in 1..=self.rounds {
            for number in 0..self.contenders.len() {
                say(&format!("round {round} of {}: {}", self.rounds, self.contenders[number].kind));
                for group in Group::ALL {
                    if stop.load(Ordering::Relaxed) {
                        return Err("stopped".into());
                    }
                    self.turn(number, group, &say)?;
                }
            }
        }
        Ok(())
    }

    /// One contender, one group: the directory itself before and after, half as long each.
    fn turn(&mut self, number: usize, group: Group, say: &impl Fn(&str)) -> Result<()> {
        let working = |index: &usize| {
            self.workloads[*index].group == group && self.figures[number][*index].failure.is_none()
        };
        let chosen: Vec<usize> = (0..self.workloads.len()).filter(working).collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let before = self.natively(&chosen)?;
        let mounted = self.mounted(number, group, &chosen);
        let after = self.natively(&chosen)?;
        for (((index, before), mounted), after) in chosen.into_iter().zip(before).zip(mounted).zip(after) {
            if let Err(error) = self.note(number, index, before, mounted, after) {
                let (kind, name) = (self.contenders[number].kind, self.workloads[index].name);
                say(&format!("{kind}, {name} failed: {error}"));
                self.figures[number][index].failure = Some(error.to_string());
            }
        }
        Ok(())
    }

    fn note(
        &mut self,
        number: usize,
        index: usize,
        before: Measured,
        mounted: Measured,
        after: Measured,
    ) -> Result<()> {
        let ((before, _), (mounted, requests), (after, _)) = (before?, mounted?, after?);
        let figures = &mut self.figures[number][index];
        figures.pairs.push(Pair { native: before.and(after), mounted });
        if let Some(requests) = requests {
            figures.requests.get_or_insert_default().add(&requests);
        }
        Ok(())
    }

    fn natively(&self, chosen: &[usize]) -> Result<Vec<Measured>> {
        let session = Session::of_directory(&self.tree.source());
        let measured = self.measure(&session, chosen, self.time / 2, false);
        self.tree.sweep()?;
        Ok(measured)
    }

    /// A contender that can't be mounted fails in each workload.
    fn mounted(&self, number: usize, group: Group, chosen: &[usize]) -> Vec<Measured> {
        let (source, cold) = (self.tree.source(), group == Group::First);
        match self.contenders[number].mount(&source, self.tree.beside(), cold) {
            Ok(session) => self.measure(&session, chosen, self.time, true),
            Err(error) => chosen.iter().map(|_| Err(error.to_string().into())).collect(),
        }
    }

    fn measure(&self, session: &Session, chosen: &[usize], time: Duration, fresh: bool) -> Vec<Measured> {
        chosen.iter().map(|&index| self.one(session, self.workloads[index], time, fresh)).collect()
    }

    fn one(&self, session: &Session, workload: &Workload, time: Duration, fresh: bool) -> Measured {
        let dir = open_top(session.root())?;
        let scene = Scene { tree: self.tree, root: session.root(), dir: &dir, time };
        workload.warm_up(&scene, fresh)?;
        let requests = || session.metrics().map(Requests::so_far).transpose();
        let before = requests()?;
        let sample = workload.run(&scene)?;
        let sent = before.zip(requests()?).map(|(before, after)| after.since(&before));
        Ok((sample, sent))
    }
}

fn open_top(root: &Path) -> Result<OwnedFd> {
    Ok(openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}
