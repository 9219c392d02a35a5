mod settling;
mod waiting;

use std::time::Duration;

use cachefs_vfs::clock::SystemClock;

use super::{Limits, Pressure};
use crate::extent::Weight;
use crate::sync::Arc;

fn pressure(dirty_max: u64, room_wait: Duration) -> Arc<Pressure> {
    let limits = Limits { dirty_max, extents_max: u64::MAX, room_wait };
    Arc::new(Pressure::new(limits, Arc::new(SystemClock), || ()))
}

fn bytes(bytes: u64) -> Weight {
    Weight { bytes, extents: 0 }
}
