use std::fmt::Display;
use std::fs::OpenOptions;
use std::io;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::log_lines::Lines;
use super::syslog::Syslog;
use super::voice::Voice;
use crate::failure::Failure;
use crate::flags::LogConfig;

/// Starts the log: to the file given, else in the foreground to standard error, in the background to syslog. Other
/// crates are heard from warnings on, unless all of it is wanted.
///
/// # Errors
/// When the file cannot be opened.
pub(super) fn start(config: &LogConfig, voice: Voice) -> Result<(), Failure> {
    let others = if config.level == tracing::Level::TRACE { LevelFilter::TRACE } else { LevelFilter::WARN };
    let levels =
        Targets::new().with_default(others.min(config.level.into())).with_target("cachefs", config.level);
    let lines = tracing_subscriber::fmt::layer();
    let registry = tracing_subscriber::registry().with(levels);
    let cannot = |error: &dyn Display| Failure::system(format!("the log cannot be started: {error}"));
    let started = match (&config.file, voice) {
        (Some(path), _) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| {
                Failure::system(format!("--log: {} cannot be opened: {error}", path.display()))
            })?;
            registry.with(lines.with_ansi(false).with_writer(Lines(Arc::new(file)))).try_init()
        }
        (None, Voice::Terminal) => {
            registry.with(lines.with_ansi(false).with_writer(Lines(io::stderr))).try_init()
        }
        (None, Voice::Pipe) => {
            let syslog = Syslog::of_this_machine().map_err(|error| cannot(&error))?;
            registry.with(lines.with_ansi(false).without_time().with_writer(syslog)).try_init()
        }
    };
    started.map_err(|error| cannot(&error))?;
    // Told where everything else is told: in the background, standard error leads nowhere.
    std::panic::set_hook(Box::new(|panic| tracing::error!("a defect of cachefs, please report it: {panic}")));
    Ok(())
}
