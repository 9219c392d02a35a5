//! Places that values lie in, looked at without a lock and emptied while others may be looking.

mod place;
mod sync;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Deref;

use self::place::Place;
use self::sync::OnceLock;

/// Numbered places for values. Who pins one sees its value until he lets go, whoever empties the place meanwhile, and
/// nobody waits for anybody: a place that is pinned is not free, that is all.
///
/// Pinning is one compare-and-swap in the place itself, letting go one subtraction. Numbers begin at 0; memory is
/// allocated for all places up to the highest number that [`Self::grow_to`] was told, in pieces that never move, and is
/// given back with the whole.
pub struct Places<T> {
    /// Piece `n` has `FIRST << n` places.
    pieces: [OnceLock<Box<[Place<T>]>>; PIECES],
}

/// Places in the first piece.
const FIRST: u32 = 64;

/// Enough for every number below `u32::MAX - FIRST`.
const PIECES: usize = (u32::BITS - FIRST.ilog2()) as usize;

impl<T> Places<T> {
    /// Without places.
    #[must_use]
    pub fn new() -> Self {
        Self { pieces: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// Makes all places up to this one, as far as they are not there.
    ///
    /// # Panics
    /// From number `u32::MAX - 64` on.
    pub fn grow_to(&self, number: u32) {
        let (last, _) = piece_of(number);
        for (piece, places) in self.pieces.iter().enumerate().take(last + 1) {
            places.get_or_init(|| (0..FIRST << piece).map(|_| Place::new()).collect());
        }
    }

    /// The value in the place, pinned; `None` if there is none.
    #[inline]
    pub fn pin(&self, number: u32) -> Option<Pinned<'_, T>> {
        let place = self.place(number)?;
        place.try_pin().then(|| Pinned(place))
    }

    /// Puts a value in.
    ///
    /// # Errors
    /// The value, if the place is not free or not there.
    pub fn put(&self, number: u32, value: T) -> Result<(), T> {
        match self.place(number) {
            Some(place) => place.put(value),
            None => Err(value),
        }
    }

    /// Takes the value out; `None` if there is none, or somebody has it pinned.
    pub fn take(&self, number: u32) -> Option<T> {
        self.place(number)?.take()
    }

    /// Whether a value can be put in: the place is there, and neither used nor pinned by somebody for whom what was in
    /// it was retired.
    pub fn is_free(&self, number: u32) -> bool {
        self.place(number).is_some_and(Place::is_free)
    }

    #[inline]
    fn place(&self, number: u32) -> Option<&Place<T>> {
        let (piece, at) = piece_of(number);
        self.pieces[piece].get()?.get(at)
    }
}

#[inline]
fn piece_of(number: u32) -> (usize, usize) {
    let number = number.checked_add(FIRST).unwrap_or_else(too_many);
    let piece = number.ilog2() - FIRST.ilog2();
    (piece as usize, (number - (FIRST << piece)) as usize)
}

#[cold]
fn too_many() -> u32 {
    panic!("places are numbered below 2^32 - {FIRST}")
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Places<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there: usize = self.pieces.iter().filter_map(|piece| piece.get()).map(|piece| piece.len()).sum();
        f.debug_struct("Places").field("there", &there).finish_non_exhaustive()
    }
}

/// A value in a place, which stays what it is and where it is until this is dropped.
pub struct Pinned<'a, T>(&'a Place<T>);

impl<T> Pinned<'_, T> {
    /// Has the value leave its place with the last who has it pinned: nobody pins it from here on. False if it was
    /// retired before.
    pub fn retire(&self) -> bool {
        self.0.retire()
    }

    /// Whether somebody retired it.
    #[must_use]
    pub fn is_retired(&self) -> bool {
        self.0.is_retired()
    }
}

impl<T> Deref for Pinned<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the place was pinned when this was made and is unpinned only by its drop.
        unsafe { self.0.value() }
    }
}

impl<T> Drop for Pinned<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as in deref; no borrow of the value outlives this.
        unsafe { self.0.unpin() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Pinned<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pinned").field(&**self).finish()
    }
}
