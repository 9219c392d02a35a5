mod settling;
mod waiting;

use std::time::Duration;

use cachefs_vfs::clock::SystemClock;

use super::{Limits, Pressure};
use crate::sync::Arc;

fn pressure(dirty_max: u64, room_wait: Duration) -> Arc<Pressure> {
    let limits = Limits { dirty_max, room_wait };
    Arc::new(Pressure::new(limits, Arc::new(SystemClock), || ()))
}
