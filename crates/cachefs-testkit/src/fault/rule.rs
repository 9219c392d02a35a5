use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_vfs::Errno;

use crate::rng::SplitMix64;
use crate::wrap::{Call, CallKind};

/// What happens to a call that a rule strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails without having been tried.
    Fail(Errno),
    /// It takes effect, and yet answers this error: a reply that got lost.
    FailAfter(Errno),
    /// It waits until the rule is released, then goes on.
    Hang,
    /// It takes effect; what it answered comes only when the rule is released: a reply that is late. (A listing's
    /// entries come before that.)
    HangAfter,
    /// It moves at most this many bytes. (A read that is short before the end of the file breaks the contract of
    /// `VFile`; a write may be short.)
    Short(usize),
    /// It waits this long first.
    Delay(Duration),
}

/// Which calls are struck, and how. A new rule strikes each call that matches, with `EIO`.
#[derive(Clone, Debug)]
pub struct Rule {
    kinds: Vec<CallKind>,
    place: Place,
    when: When,
    fault: Fault,
    times_max: u64,
}

#[derive(Clone, Debug)]
enum Place {
    Anywhere,
    At(PathBuf),
    Within(PathBuf),
    Named(OsString),
}

#[derive(Clone, Debug)]
enum When {
    Each,
    Nth(u64),
    Every(u64),
    Chance { per_million: u32, rng: SplitMix64 },
}

impl Rule {
    /// For calls of one kind.
    #[must_use]
    pub fn on(kind: CallKind) -> Self {
        Self { kinds: vec![kind], ..Self::any() }
    }

    /// For calls of every kind.
    #[must_use]
    pub const fn any() -> Self {
        Self {
            kinds: Vec::new(),
            place: Place::Anywhere,
            when: When::Each,
            fault: Fault::Fail(Errno::IO),
            times_max: u64::MAX,
        }
    }

    /// Also for calls of this kind.
    #[must_use]
    pub fn or(mut self, kind: CallKind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Only calls about exactly this path (relative to the root; the root itself is the empty path).
    #[must_use]
    pub fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.place = Place::At(path.as_ref().to_path_buf());
        self
    }

    /// Only calls that use this directory or what is below it, as everything does in a directory that hangs; its
    /// look-up in the parent is not one of them.
    #[must_use]
    pub fn within(mut self, dir: impl AsRef<Path>) -> Self {
        self.place = Place::Within(dir.as_ref().to_path_buf());
        self
    }

    /// Only calls about a file of this name, in whatever directory.
    #[must_use]
    pub fn named(mut self, name: impl AsRef<OsStr>) -> Self {
        self.place = Place::Named(name.as_ref().to_os_string());
        self
    }

    /// Only the `n`-th call that matches, counted from 1.
    #[must_use]
    pub const fn nth(mut self, n: u64) -> Self {
        self.when = When::Nth(n);
        self
    }

    /// Each `n`-th call that matches: the `n`-th, the `2n`-th and so on.
    #[must_use]
    pub const fn every(mut self, n: u64) -> Self {
        self.when = When::Every(n);
        self
    }

    /// Each call that matches with this probability, the same ones for the same seed.
    #[must_use]
    pub const fn chance(mut self, per_million: u32, seed: u64) -> Self {
        self.when = When::Chance { per_million, rng: SplitMix64::new(seed) };
        self
    }

    /// No more than this many calls.
    #[must_use]
    pub const fn times(mut self, calls_max: u64) -> Self {
        self.times_max = calls_max;
        self
    }

    /// What happens to them.
    #[must_use]
    pub const fn then(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }

    /// They fail.
    #[must_use]
    pub const fn fail(self, errno: Errno) -> Self {
        self.then(Fault::Fail(errno))
    }

    /// They hang until the rule is released.
    #[must_use]
    pub const fn hang(self) -> Self {
        self.then(Fault::Hang)
    }

    /// They take effect, and their answers wait until the rule is released.
    #[must_use]
    pub const fn hang_after(self) -> Self {
        self.then(Fault::HangAfter)
    }

    pub(super) const fn fault(&self) -> Fault {
        self.fault
    }

    pub(super) fn matches(&self, call: &Call<'_>) -> bool {
        if !self.kinds.is_empty() && !self.kinds.contains(&call.kind) {
            return false;
        }
        match &self.place {
            Place::Anywhere => true,
            Place::At(path) => call.is_at(path),
            Place::Within(dir) => call.is_within(dir),
            Place::Named(name) => call.is_named(name),
        }
    }

    /// Whether the call that is the `seen`-th to match is struck, after `fired` others were.
    pub(super) fn strikes(&mut self, seen: u64, fired: u64) -> bool {
        if fired >= self.times_max {
            return false;
        }
        match &mut self.when {
            When::Each => true,
            When::Nth(n) => seen == *n,
            When::Every(n) => seen.is_multiple_of((*n).max(1)),
            When::Chance { per_million, rng } => rng.chance(*per_million),
        }
    }
}
