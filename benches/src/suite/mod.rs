//! The workloads of the original's suite, each contender in turn.

mod places;
mod table;
mod work;

use std::sync::Arc;

use cachefs_testkit::CountFs;
use cachefs_vfs::{Name, Result};

use crate::round::{Counted, Round};
use crate::{Backing, Contender, Files, Laid, Meter, Scale, Who};

pub use table::{WORKLOADS, Workload};

/// One contender over a backing of its own, ready for one workload.
#[derive(Debug)]
pub struct Stage {
    /// Who is measured.
    pub contender: Box<dyn Contender>,
    /// What it reads and writes.
    pub laid: Laid,
    /// Of its files.
    pub files: Files,
    /// Operations that are timed as one.
    pub batch: usize,
    /// Where the next one goes on.
    pub cursor: usize,
    counts: Option<Arc<CountFs>>,
}

impl Workload {
    /// Sets one contender up; every file is read once if that is to be so.
    ///
    /// # Errors
    /// If the files can't be made, or read.
    pub fn stage(&self, who: Who, backing: Backing, scale: &Scale, counted: bool) -> Result<Stage> {
        let slow = backing == Backing::Slow;
        let files = Files { count: self.count(slow, scale), size: self.size };
        let mut laid = backing.lay(files, scale.latency)?;
        let counts = counted.then(|| Arc::new(CountFs::new(Arc::clone(&laid.fs))));
        if let Some(counts) = &counts {
            laid.fs = Arc::<CountFs>::clone(counts);
        }
        let contender = who.over(Arc::clone(&laid.fs), self.room(files))?;
        if self.warm {
            let mut buffer = vec![0; files.size];
            laid.names.iter().try_for_each(|name| contender.read(Name::new(name)?, &mut buffer).map(drop))?;
        }
        let batch = if slow { 2 } else { self.batch };
        Ok(Stage { contender, laid, files, batch, cursor: 0, counts })
    }
}

impl Stage {
    /// The name of file `number`.
    ///
    /// # Errors
    /// Never, as they are plain.
    pub fn name(&self, number: usize) -> Result<Name<'_>> {
        Name::new(&self.laid.names[number % self.laid.names.len()])
    }
}

/// Measures all contenders of all workloads over one backing.
///
/// # Errors
/// The first one of any contender.
pub fn run(round: &mut Round, backing: Backing, scale: &Scale) -> Result<()> {
    for workload in &WORKLOADS {
        let staged =
            workload.contenders.iter().map(|&who| Ok((who, workload.stage(who, backing, scale, false)?)));
        let mut staged: Vec<(Who, Stage)> = staged.collect::<Result<_>>()?;
        let mut slices = vec![Vec::new(); staged.len()];
        // What is slow by waiting has no noise to take a median of.
        let turns = if backing == Backing::Slow { 1 } else { scale.slices };
        for _ in 0..turns {
            for ((_, stage), slices) in staged.iter_mut().zip(&mut slices) {
                let mut meter = Meter::timing(scale.slice);
                (workload.work)(stage, &mut meter)?;
                slices.push(meter.took);
            }
        }
        for ((who, _), slices) in staged.iter().zip(&slices) {
            let counted = count(workload, *who, backing, scale)?;
            round.add((backing.name(), workload.name, who.name()), slices, Some(counted));
        }
    }
    Ok(())
}

/// Counted once everything is as it will stay, over what is not slow: the calls are the same.
fn count(workload: &Workload, who: Who, backing: Backing, scale: &Scale) -> Result<Counted> {
    let over = if backing == Backing::Slow { Backing::Memory } else { backing };
    let mut stage = workload.stage(who, over, scale, true)?;
    (workload.work)(&mut stage, &mut Meter::counting(None))?;
    let mut meter = Meter::counting(stage.counts.clone());
    (workload.work)(&mut stage, &mut meter)?;
    Ok(Counted::both(&meter.took))
}
