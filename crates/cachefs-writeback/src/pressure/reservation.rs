use super::Pressure;
use crate::extent::Weight;

/// Room for bytes that are about to be dirty; given back when dropped, unless it was used.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation<'a> {
    pressure: &'a Pressure,
    weight: Weight,
}

impl<'a> Reservation<'a> {
    pub(super) const fn new(pressure: &'a Pressure, weight: Weight) -> Self {
        Self { pressure, weight }
    }

    /// The bytes are dirty, and `left` of the room was not needed, for what was dirty before in their place. What is
    /// not dirty any more is to be told by [`Pressure::give_back`].
    pub(crate) fn used(mut self, left: Weight) {
        self.weight = left;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.pressure.give_back(self.weight);
    }
}
