/// The lengths that the backing's file may have after what we did there since its version was last recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Lengths {
    pub(super) fn only(length: u64) -> Self {
        Self { least: length, most: length }
    }

    pub(super) fn or(&mut self, length: u64) {
        (self.least, self.most) = (self.least.min(length), self.most.max(length));
    }

    pub(super) fn has(self, length: u64) -> bool {
        (self.least..=self.most).contains(&length)
    }
}
