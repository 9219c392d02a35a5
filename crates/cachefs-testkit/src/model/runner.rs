use cachefs_vfs::{Errno, Error, Vfs};

use super::compare::{Side, compare_tree};
use super::driver::Driver;
use super::expect::{Expected, Got, Stop, Want};
use super::op::{ByteOp, Injected, Op, Step};
use super::run::Evict;
use super::settle::settle;
use super::tree::Model;
use crate::fault::{Fault, FaultFs, Rule};

/// Does steps on the model and on the filesystem under test.
pub(super) struct Runner<'a> {
    pub(super) fs: &'a dyn Vfs,
    pub(super) model: Model,
    pub(super) driver: Driver<'a>,
    /// Who else is there, and how to wait until the filesystem under test knows what they did.
    pub(super) outside: Option<(Driver<'a>, &'a dyn Fn())>,
    pub(super) faults: Option<&'a FaultFs>,
    pub(super) evict: Option<&'a Evict<'a>>,
}

impl Runner<'_> {
    /// Does one step; the reason if the two part.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), String> {
        if let (Op::Evict(what), Some(evict)) = (step.op, self.evict) {
            evict(what);
        }
        match (step.injected, self.faults) {
            (Some(injected), Some(faults)) => self.step_with_fault(&step.op, injected, faults),
            _ => self.plain_step(&step.op, step.outside),
        }
    }

    fn plain_step(&mut self, op: &Op, outside: bool) -> Result<(), String> {
        let before = may_do_less(op).then(|| self.model.clone());
        let expected = self.model.apply(op);
        if matches!(expected, Err(Stop::Skip)) {
            return Ok(());
        }
        let got = self.apply(op, outside);
        self.mirror(op, outside, got.is_ok())?;
        if got.is_err() {
            self.model.blur(op);
        }
        match (before, &got) {
            (Some(before), Err(error)) if refuses(&expected, error) => {
                self.model = before;
                self.model.blur(op);
                Ok(())
            }
            (Some(before), Ok(Got::Count(count))) => self.check_count(before, op, *count),
            _ => self.model.check(&expected, &got),
        }
    }

    /// Does it on one side.
    fn apply(&mut self, op: &Op, outside: bool) -> Result<Got, Error> {
        match &mut self.outside {
            Some((driver, told)) if outside => {
                let got = driver.apply(op);
                told();
                got
            }
            _ => self.driver.apply(op),
        }
    }

    /// What one side has open the other one has, too, so that either may do the next step.
    fn mirror(&mut self, op: &Op, outside: bool, done: bool) -> Result<(), String> {
        let Some(op) = op.mirrored().filter(|_| done && self.outside.is_some()) else { return Ok(()) };
        let mirrored = self.apply(&op, !outside);
        mirrored.map(drop).map_err(|error| format!("not so on the other side: {op:?}: {error:?}"))
    }

    /// A copy may be shorter than asked for; the model then does as much.
    fn check_count(&mut self, before: Model, op: &Op, count: u64) -> Result<(), String> {
        let Op::Bytes(slot, ByteOp::CopyRange { offset, to, to_offset, length }) = *op else {
            return Err("gave a count".into());
        };
        self.model = before;
        let asked = self.model.clone().apply(op);
        let shorter = if count > 0 { length.min(count) } else { length };
        let copied = ByteOp::CopyRange { offset, to, to_offset, length: shorter };
        match (asked, self.model.apply(&Op::Bytes(slot, copied))) {
            (Ok(_), Ok(Want::Count(want))) if want == count => Ok(()),
            (expected, _) => Err(format!("copied {count} bytes, expected {expected:?}")),
        }
    }

    fn step_with_fault(&mut self, op: &Op, injected: Injected, faults: &FaultFs) -> Result<(), String> {
        let before = self.model.clone();
        let expected = self.model.apply(op);
        if matches!(expected, Err(Stop::Skip)) {
            return Ok(());
        }
        let fault =
            if injected.after { Fault::FailAfter(injected.errno) } else { Fault::Fail(injected.errno) };
        let rule = faults.add(Rule::any().nth(injected.nth).then(fault)).release_on_drop();
        let got = self.driver.apply(op);
        let fired = rule.fired() > 0;
        drop(rule);
        self.mirror(op, false, got.is_ok())?;
        if got.is_err() {
            self.model.blur(op);
        }
        if !fired || !is_of_fault(&expected, &got, injected.errno) {
            return match &got {
                Err(error) if may_do_less(op) && refuses(&expected, error) => {
                    self.model = before;
                    self.model.blur(op);
                    Ok(())
                }
                _ => self.model.check(&expected, &got),
            };
        }
        if got.is_err() {
            // What was opened in the slots stays, though the operation may have created a file.
            self.model.files = before.files;
            self.model.dirs = before.dirs;
        }
        self.model = settle(&before, &self.model, &**faults.inner(), &self.driver)?;
        compare_tree(&mut self.model, self.fs, Side::Tested)
            .map_err(|reason| format!("answered {got:?}, and then differs from the backing: {reason}"))
    }
}

/// Whether a filesystem may answer that it cannot do this, or do only a part.
fn may_do_less(op: &Op) -> bool {
    matches!(op, Op::Bytes(_, ByteOp::Allocate { .. } | ByteOp::CopyRange { .. }))
}

/// Whether an error says that the filesystem has no such verb, where the model has it.
fn refuses(expected: &Expected, error: &Error) -> bool {
    expected.is_ok() && error.errno() == Errno::OPNOTSUPP
}

/// Whether an answer is that of a fault: the error, or fewer bytes than asked for.
fn is_of_fault(expected: &Expected, got: &Result<Got, Error>, errno: Errno) -> bool {
    match (expected, got) {
        (_, Err(error)) => error.errno() == errno,
        (Ok(Want::Count(want)), Ok(Got::Count(got))) => got < want,
        _ => false,
    }
}
