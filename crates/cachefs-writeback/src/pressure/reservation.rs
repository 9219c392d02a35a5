use super::Pressure;

/// Room for bytes that are about to be dirty; given back when dropped, unless it was used.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation<'a> {
    pressure: &'a Pressure,
    bytes: u64,
}

impl<'a> Reservation<'a> {
    pub(super) const fn new(pressure: &'a Pressure, bytes: u64) -> Self {
        Self { pressure, bytes }
    }

    /// The bytes are dirty, except for `replaced`: so many were dirty before, in their place. What is not dirty any
    /// more is to be told by [`Pressure::give_back`].
    pub(crate) fn used(mut self, replaced: u64) {
        self.bytes = replaced;
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.pressure.give_back(self.bytes);
    }
}
