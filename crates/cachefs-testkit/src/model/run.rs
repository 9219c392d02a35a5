use std::fmt;

use cachefs_vfs::{Errno, Error, Mode, Name, RemoveKind, VDir, Vfs};

use super::compare::{Side, compare_tree};
use super::divergence::Divergence;
use super::driver::{Driver, list};
use super::expect::is_user_key;
use super::generate::Generator;
use super::op::Step;
use super::runner::Runner;
use super::tree::Model;
use crate::fault::FaultFs;

/// How many steps lie between two comparisons of the whole tree.
const COMPARE_EVERY: usize = 16;

/// A hook that makes a filesystem forget something it caches; the number says what, in whatever way it likes.
pub type Evict<'a> = dyn Fn(u64) + 'a;

/// Random operations on a filesystem, compared with the model.
pub struct Sequence<'a> {
    seed: u64,
    steps: Option<Vec<Step>>,
    length: usize,
    faults: Option<&'a FaultFs>,
    evict: Option<&'a Evict<'a>>,
    outside: Option<Outside<'a>>,
}

/// Somebody else in the filesystem under test.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    pub(super) fs: &'a dyn Vfs,
    /// Waits until the filesystem under test must know what they did.
    pub(super) told: &'a dyn Fn(),
}

impl fmt::Debug for Sequence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence")
            .field("seed", &self.seed)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Runs `length` operations drawn from `seed` on `fs`, whose tree is emptied first; with errors injected by `faults`
/// beneath it.
///
/// # Errors
/// The first difference from the model.
pub fn run_sequence(
    fs: &dyn Vfs,
    seed: u64,
    length: usize,
    faults: Option<&FaultFs>,
) -> Result<(), Divergence> {
    let sequence = Sequence::new(seed, length);
    let sequence = match faults {
        Some(faults) => sequence.faults(faults),
        None => sequence,
    };
    sequence.run(fs)
}

impl<'a> Sequence<'a> {
    /// `length` operations drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64, length: usize) -> Self {
        Self { seed, steps: None, length, faults: None, evict: None, outside: None }
    }

    /// Exactly these steps; the seed is only for the report.
    #[must_use]
    pub fn of(seed: u64, steps: Vec<Step>) -> Self {
        Self { length: steps.len(), steps: Some(steps), ..Self::new(seed, 0) }
    }

    /// Part of the steps meet an error of the backing, which is beneath the filesystem under test or is it.
    #[must_use]
    pub fn faults(mut self, faults: &'a FaultFs) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Calls `evict` now and then.
    #[must_use]
    pub fn evict(mut self, evict: &'a Evict<'a>) -> Self {
        self.evict = Some(evict);
        self
    }

    /// Part of the steps are done by somebody else, who has the same tree as `fs`. After each of them `told` waits
    /// until the filesystem under test must know.
    #[must_use]
    pub fn outside(mut self, fs: &'a dyn Vfs, told: &'a dyn Fn()) -> Self {
        self.outside = Some(Outside { fs, told });
        self
    }

    /// The steps it will do.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let generator = Generator::new(self.seed, self.faults.is_some(), self.outside.is_some());
        self.steps.clone().unwrap_or_else(|| generator.steps(self.length))
    }

    /// Empties the tree of `fs` and does the steps on it.
    ///
    /// # Errors
    /// The first difference from the model.
    pub fn run(&self, fs: &dyn Vfs) -> Result<(), Divergence> {
        let steps = self.steps();
        let diverged =
            |done: usize, reason| Divergence { seed: self.seed, steps: steps[..done].to_vec(), reason };
        let mode = reset(fs).map_err(|error| diverged(0, format!("emptying: {error:?}")))?;
        let (model, driver) = (Model::new(fs.caps(), mode), Driver::new(fs));
        let outside = self.outside.map(|outside| (Driver::new(outside.fs), outside.told));
        let mut runner = Runner { fs, model, driver, outside, faults: self.faults, evict: self.evict };
        for (index, step) in steps.iter().enumerate() {
            runner.step(step).map_err(|reason| diverged(index + 1, reason))?;
            if (index + 1) % COMPARE_EVERY == 0 || index + 1 == steps.len() {
                let same = compare_tree(&mut runner.model, fs, Side::Tested);
                same.map_err(|reason| diverged(index + 1, reason))?;
            }
        }
        Ok(())
    }
}

/// Makes the root as that of a new filesystem. Answers its mode.
fn reset(fs: &dyn Vfs) -> Result<Mode, Error> {
    let root = fs.root()?;
    clear(&*root)?;
    if fs.caps().xattrs {
        let keys = root.xattrs()?;
        keys.iter().filter(|key| is_user_key(key)).try_for_each(|key| root.remove_xattr(key))?;
    }
    Ok(root.attr()?.mode)
}

/// Removes everything in a directory.
fn clear(dir: &dyn VDir) -> Result<(), Error> {
    for entry in list(dir, usize::MAX)? {
        let name = Name::new(&entry.name)?;
        match dir.remove(name, RemoveKind::File) {
            Err(error) if error.errno() == Errno::ISDIR => {
                clear(&*dir.dir(name)?.handle)?;
                dir.remove(name, RemoveKind::Dir)?;
            }
            other => other?,
        }
    }
    Ok(())
}
