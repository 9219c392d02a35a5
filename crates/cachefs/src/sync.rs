//! Where the engine's locks, counted references and atomics come from: one place, so that a model checker can be
//! put beneath.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};
pub(crate) use std::sync::{Arc, OnceLock};

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, ReentrantMutex};
