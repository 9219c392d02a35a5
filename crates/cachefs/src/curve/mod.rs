//! What a cache of another size, or under another policy, would hit: a sample of all references to blocks goes past
//! the readers' way into a [`cachefs_policy::Curve`].
//!
//! A thread collects the references that it makes in a buffer of its own; full ones are put together, and a background
//! thread, begun when there is something to do, takes in what lies there. Who is faster than that loses some,
//! which are counted, and waits for nobody.

mod buffer;
mod feeder;
mod mrc;
mod tap;

pub(crate) use tap::Tap;
