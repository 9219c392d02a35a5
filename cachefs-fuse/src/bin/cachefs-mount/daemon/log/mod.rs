//! The log: where it goes, how it reads, how much of it there is.

mod json;
mod output;
mod recent;
mod repeats;
mod sink;
mod syslog;

use std::fs::OpenOptions;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, reload};

use super::voice::Voice;
use crate::failure::Failure;
use crate::flags::{LogConfig, LogFormat};
use json::Json;
use output::{Lines, Output};
pub(in crate::daemon) use recent::Recent;
use sink::{File, Journal, Sink};
use syslog::Syslog;

/// The running log.
#[derive(Clone, Debug)]
pub(super) struct Log {
    levels: reload::Handle<Targets, Registry>,
    level: Arc<Mutex<Level>>,
    output: Arc<Output>,
}

impl Log {
    /// Starts it: to the file given, else in the foreground to standard error, in the background to syslog. Other
    /// crates are heard from warnings on, unless all of it is wanted.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn start(config: &LogConfig, voice: Voice) -> Result<Self, Failure> {
        let (sink, is_timed) = sink(config, voice)?;
        let is_json = config.format == LogFormat::Json;
        let output = Output::start(sink, is_json)
            .map_err(|error| Failure::system(format!("the log cannot be started: {error}")))?;
        let (levels, handle) = reload::Layer::new(targets(config.level));
        let (lines, writer) = (tracing_subscriber::fmt::layer().with_ansi(false), Lines(Arc::clone(&output)));
        let lines: Box<dyn Layer<_> + Send + Sync> = match (is_json, is_timed) {
            (true, _) => Box::new(lines.event_format(Json).with_writer(writer)),
            (false, true) => Box::new(lines.with_writer(writer)),
            (false, false) => Box::new(lines.without_time().with_writer(writer)),
        };
        let recent = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Recent);
        tracing_subscriber::registry()
            .with(levels)
            .with(lines)
            .with(recent)
            .try_init()
            .map_err(|error| Failure::system(format!("the log cannot be started: {error}")))?;
        // Told where everything else is told: in the background, standard error leads nowhere.
        std::panic::set_hook(Box::new(|panic| {
            tracing::error!("a defect of cachefs, please report it: {panic}");
        }));
        Ok(Self { levels: handle, level: Arc::new(Mutex::new(config.level)), output })
    }

    /// Tells more or less from now on; answers the level before.
    ///
    /// # Errors
    /// When there is no log any more.
    pub(super) fn set_level(&self, level: Level) -> Result<Level, reload::Error> {
        let mut now = self.level.lock();
        self.levels.reload(targets(level))?;
        Ok(std::mem::replace(&mut now, level))
    }

    /// At the end: writes what was held back as a repeat.
    pub(super) fn finish(&self) {
        self.output.finish();
    }
}

fn targets(level: Level) -> Targets {
    let others = if level == Level::TRACE { LevelFilter::TRACE } else { LevelFilter::WARN };
    Targets::new().with_default(others.min(level.into())).with_target("cachefs", level)
}

/// Where lines go, and whether they need a time.
fn sink(config: &LogConfig, voice: Voice) -> Result<(Box<dyn Sink>, bool), Failure> {
    match (&config.file, voice) {
        (Some(path), _) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| {
                Failure::system(format!("--log: {} cannot be opened: {error}", path.display()))
            })?;
            Ok((Box::new(File(file)), true))
        }
        (None, Voice::Terminal) if Journal::is_stderr(std::env::var_os("JOURNAL_STREAM")) => {
            Ok((Box::new(Journal(std::io::stderr())), false))
        }
        (None, Voice::Terminal) => Ok((Box::new(File(std::io::stderr())), true)),
        (None, Voice::Pipe) => {
            let syslog = Syslog::of_this_machine()
                .map_err(|error| Failure::system(format!("the log cannot be started: {error}")))?;
            Ok((Box::new(syslog), false))
        }
    }
}
