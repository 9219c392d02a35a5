use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cachefs_fuse::control::{Far, Left, plain};
use cachefs_vfs::clock::SystemClock;
use cachefs_vfs::{LocalFs, Vfs};
use cachefs_writeback::state_dir::{Drain, Source, StateDir};
use cachefs_writeback::{Config, DrainHow, Drained, Progress, Replayed, Setup, WriteBack, boot_id};
use indicatif::HumanBytes;
use serde_json::json;

use super::state_trouble;
use crate::bar::Bar;
use crate::exit::Exit;
use crate::out::Out;
use crate::status::list;
use crate::trouble::Trouble;

/// A source that takes nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// With an end in sight, however far, what fails is tried again.
const LONG: Duration = Duration::from_secs(365 * 86400);
/// How long a mount that is about to end is waited for.
const HOLDER_MAX: Duration = Duration::from_secs(60);

/// Writes to the source what is in its journal.
pub(super) fn run(root: &Path, path: &Path, out: &Out) -> Result<Exit, Trouble> {
    let source = Source::of(path).map_err(state_trouble)?;
    let mut noted = false;
    let told = |drain: Option<Drain>| {
        if !std::mem::replace(&mut noted, true) {
            out.note(&waiting(drain));
        }
    };
    let state = StateDir::open(root, &source, None, HOLDER_MAX, told).map_err(state_trouble)?;
    let cannot = |error: &dyn std::fmt::Display| Trouble::failed(format!("{}: {error}", path.display()));
    let backing: Arc<dyn Vfs> = Arc::new(LocalFs::open(path).map_err(|error| cannot(&error))?);
    let journal = state.journal().map_err(state_trouble)?;
    let setup = Setup {
        config: Config::default(),
        source: source.digest(),
        boot: boot_id(),
        clock: Arc::new(SystemClock),
    };
    let (write_back, replayed) = WriteBack::open(backing, journal, setup).map_err(|error| cannot(&error))?;
    let drained = drain(&write_back, &Bar::new(!out.is_json()));
    end(&write_back, &replayed, &drained, out)
}

fn waiting(drain: Option<Drain>) -> String {
    let what = match drain {
        Some(drain) => format!("{} of {} files", HumanBytes(drain.bytes_left), drain.files_left),
        None => "what remains".to_owned(),
    };
    let seconds = HOLDER_MAX.as_secs();
    format!("waiting at most {seconds} s for the last mount, which still writes {what} to the source")
}

fn drain(write_back: &WriteBack, bar: &Bar) -> Drained {
    let cancel = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let (mut last, mut moved) = (Progress::default(), began);
    let how = DrainHow { deadline: Some(LONG), cancel: Arc::clone(&cancel) };
    write_back.drain(&how, &mut |far| {
        let now = Instant::now();
        if (far.bytes, far.files) != (last.bytes, last.files) {
            moved = now;
        }
        last = *far;
        cancel.store(now.duration_since(moved) > PATIENCE, Ordering::Relaxed);
        bar.note(&measured(far, now.duration_since(began)));
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
fn measured(far: &Progress, took: Duration) -> Far {
    let rate = far.bytes as f64 / took.as_secs_f64().max(0.001);
    Far {
        bytes_done: far.bytes,
        bytes_left: far.bytes_left,
        files_done: far.files,
        files_left: far.files_left,
        bytes_per_second: rate,
        seconds_left: (rate > 0.0).then(|| far.bytes_left as f64 / rate),
    }
}

fn end(write_back: &WriteBack, replayed: &Replayed, drained: &Drained, out: &Out) -> Result<Exit, Trouble> {
    let status = write_back.status();
    let conflicts = status.conflicts;
    let left: Vec<Left> = drained
        .remaining
        .iter()
        .map(|file| Left::new(&file.path, file.bytes, file.error.as_ref().map(ToString::to_string)))
        .collect();
    let dirty = !left.is_empty() || !replayed.waiting.is_empty();
    let exit = Exit::after(!replayed.damaged.is_empty(), dirty, conflicts > 0);
    let mut text = format!(
        "wrote {} of {} files to the source",
        HumanBytes(replayed.bytes.saturating_sub(status.dirty_bytes)),
        replayed.files.saturating_sub(status.dirty_files)
    );
    for kept in &replayed.conflicts {
        text.push_str(&format!("\nchanged by others, ours is in {}", plain(&kept.beside.to_string_lossy())));
    }
    for loss in &replayed.damaged {
        text.push_str(&format!("\ndamaged: {}", plain(&loss.to_string())));
    }
    if !left.is_empty() {
        text.push_str(&format!("\nstill in the journal:{}", list(&left)));
    }
    let told = json!({
        "files": replayed.files,
        "bytes": replayed.bytes,
        "left": left,
        "conflicts": conflicts,
        "damaged": replayed.damaged.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    out.end(exit, &told, &text)
}
