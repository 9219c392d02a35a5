//! Threads that change the source, and look at times how long it takes to be seen through the mount.

use std::path::Path;
use std::time::{Duration, Instant};

use cachefs_testkit::SplitMix64;

use super::change::Hands;
use super::look::{Look, look};
use super::plot::Plot;
use super::scene::Scene;
use super::windows::Windows;

/// Between two changes by one writer: time for readers to fill the caches with what is changed next.
const PAUSE_US: (u64, u64) = (1_000, 5_000);
/// Between two looks at what must change soon: time for others on a small machine.
const GLANCE: Duration = Duration::from_micros(100);

/// Changes the plots until the time is over.
pub(crate) fn write(scene: &Scene, mut hands: Hands, plots: &[&Plot], seed: u64) -> Windows {
    let _guard = scene.stop_on_panic();
    let mut random = SplitMix64::new(seed);
    let mut windows = Windows::default();
    while scene.goes_on() && !plots.is_empty() {
        let plot = random.pick(plots);
        let probed = match random.below(16) {
            0..4 => Some(scene.mount.as_path()),
            4 => Some(scene.source.as_path()),
            _ => None,
        };
        if let Some(root) = probed {
            // So that there is something stale to be had.
            let _seen = look(plot, root);
        }
        let version = plot.begin();
        hands.change(plot, version);
        plot.finish(version, scene.start);
        let finished = Instant::now();
        if let Some(root) = probed {
            let window = probe(scene, plot, version, root).then(|| finished.elapsed());
            windows.note(plot.kind, root == scene.source, window);
        }
        let pause = PAUSE_US.0 + random.below(PAUSE_US.1 - PAUSE_US.0);
        std::thread::sleep(Duration::from_micros(pause)); // sleep: the pace of the load
    }
    windows
}

/// Looks until the version is seen, which nobody overtakes; whether it was, in time.
fn probe(scene: &Scene, plot: &Plot, version: u64, root: &Path) -> bool {
    let deadline = Instant::now() + scene.patience;
    loop {
        if look(plot, root).ok() == Some(Look::Version(version)) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(GLANCE); // sleep: the interval of a poll with a deadline
    }
}
