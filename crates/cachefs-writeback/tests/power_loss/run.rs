//! One seed: a program at work, a crash, a look at what is left, and on.

use cachefs_testkit::SplitMix64;

use crate::file::Ends;
use crate::machine::{Kind, Loss, Machine};
use crate::model::{Model, Promise};
use crate::mount::Mount;
use crate::op::{Op, draw};
use crate::program::Program;
use crate::view::{View, difference, look};

/// How often everything stops for one seed.
const ROUNDS: usize = 3;

/// Steps between two stops at most.
const STEPS_MAX: u64 = 60;

/// What kind of crashes are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) losses: &'static [Loss],
}

/// What happened so far, for the report.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) lines: Vec<String>,
    pub(crate) stopped_in_flush: bool,
    pub(crate) stopped_in_replay: bool,
    pub(crate) crashes: u64,
}

/// Runs one seed. What went wrong.
pub(crate) fn run(plan: Plan, seed: u64, story: &mut Story) -> Result<(), String> {
    let mut rng = SplitMix64::new(seed);
    let machine = Machine::new(plan.kind, &mut rng);
    let promise = Promise { barrier: plan.kind != Kind::Through, sync_names: machine.sync_names };
    story.lines.push(format!("{:?}, sync_names {}", plan.kind, machine.sync_names));
    let mut test = Test {
        rng,
        machine,
        losses: plan.losses,
        model: Model::new(promise),
        beneath: None,
        last: None,
        story,
    };
    let mut mount = test.machine.mount()?;
    for _ in 0..ROUNDS {
        test.work(&mount)?;
        let loss = test.rng.pick(plan.losses);
        let expected = test.lose(mount, loss)?;
        mount = test.come_back(loss, expected)?;
    }
    Ok(())
}

struct Test<'a> {
    rng: SplitMix64,
    machine: Machine,
    losses: &'static [Loss],
    model: Model,
    /// With durability `backing`: what was in it when the power had gone.
    beneath: Option<View>,
    last: Option<Loss>,
    story: &'a mut Story,
}

impl Test<'_> {
    fn tell(&mut self, line: String) {
        self.story.lines.push(line);
    }

    /// Does steps until they are over, or everything stops in one.
    fn work(&mut self, mount: &Mount) -> Result<(), String> {
        let mut program = Program::default();
        if self.rng.chance(700_000) {
            let calls = self.rng.below(250);
            self.machine.power.cut_after(calls);
        }
        for _ in 0..self.rng.below(STEPS_MAX) {
            let op = draw(&mut self.rng, &self.model);
            self.tell(format!("{op:?}"));
            match program.run(op, mount, &self.machine, &mut self.model) {
                // Also where it was a call whose failure is nobody's business: no program lived to hear of it.
                _ if self.machine.power.is_cut() => {
                    self.tell("    everything stopped".into());
                    self.story.stopped_in_flush |=
                        matches!(op, Op::FlushAll | Op::FlushPath { .. } | Op::FlushFailing { .. });
                    self.model.stopped(op);
                    return Ok(());
                }
                Ok(made) => self.model.done(op, made),
                Err(why) => return Err(why),
            }
            self.machine.clock.advance(std::time::Duration::from_millis(self.rng.below(4)));
        }
        Ok(())
    }

    /// What is to be seen after a kill between two verbs is what was seen before.
    fn lose(&mut self, mount: Mount, loss: Loss) -> Result<Option<View>, String> {
        let expected = match loss {
            Loss::Kill if !self.machine.power.is_cut() => {
                self.machine.power.restore();
                Some(look(&*mount.fs).map_err(|error| format!("looking before the kill: {error:?}"))?)
            }
            _ => None,
        };
        self.stop(loss, Some(mount));
        Ok(expected)
    }

    fn stop(&mut self, loss: Loss, mount: Option<Mount>) {
        self.tell(format!("== {loss:?}"));
        self.story.crashes += 1;
        self.last = Some(loss);
        self.machine.lose(loss, &mut self.rng);
        drop(mount);
    }

    /// Mounts, also when everything stops again while what was left is replayed, and looks.
    fn come_back(&mut self, loss: Loss, expected: Option<View>) -> Result<Mount, String> {
        let mut worst = loss;
        for attempt in 0.. {
            if self.rng.chance(300_000) && attempt < 3 {
                let calls = self.rng.below(60);
                self.machine.power.cut_after(calls);
            }
            let expected = expected.as_ref().filter(|_| worst == Loss::Kill);
            match self.try_come_back(worst, expected) {
                Ok(mount) => return Ok(mount),
                Err(_) if self.machine.power.is_cut() => {
                    self.tell("    everything stopped in the replay".into());
                    self.story.stopped_in_replay = true;
                    let loss = self.rng.pick(self.losses);
                    self.stop(loss, None);
                    worst = if worst == Loss::Power { worst } else { loss };
                }
                Err(why) => return Err(why),
            }
        }
        unreachable!("it is cut off three times at most")
    }

    fn try_come_back(&mut self, loss: Loss, expected: Option<&View>) -> Result<Mount, String> {
        self.check_backing()?;
        let mount = self.machine.mount()?;
        self.tell(format!("    {:?}", mount.replayed));
        if !mount.replayed.conflicts.is_empty() || !mount.replayed.waiting.is_empty() {
            return Err(format!("a conflict that is none: {:?}", mount.replayed));
        }
        let view = look(&*mount.fs).map_err(|error| format!("looking at what is left: {error:?}"))?;
        self.model.wrong(&view, loss, Ends::Exact)?;
        if let Some(wrong) = expected.and_then(|expected| difference(expected, &view)) {
            return Err(format!("after a kill: {wrong}"));
        }
        if self.rng.chance(600_000) {
            mount.flush_all()?;
            let flushed =
                look(&*self.machine.backing).map_err(|error| format!("looking at the backing: {error:?}"))?;
            if let Some(wrong) = difference(&view, &flushed) {
                return Err(format!("before and after the flush: {wrong}"));
            }
        }
        self.machine.power.restore();
        self.model.found(&view, loss, self.beneath.as_ref());
        Ok(mount)
    }

    /// With durability `backing`, what was synced is in the backing, whatever becomes of the journal.
    fn check_backing(&mut self) -> Result<(), String> {
        let Kind::Back(cachefs_writeback::Durability::Backing, _) = self.machine.kind else { return Ok(()) };
        if self.last != Some(Loss::Power) {
            return Ok(());
        }
        let view = look(&*self.machine.backing).map_err(|error| format!("{error:?}"))?;
        self.model
            .wrong(&view, Loss::Power, Ends::Torn)
            .map_err(|why| format!("in the backing, without the journal: {why}"))?;
        self.beneath = Some(view);
        Ok(())
    }
}
