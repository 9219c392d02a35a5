//! Where this crate's locks, counted references and atomics come from: one place, so that a model checker can be put
//! beneath.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Weak};

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
