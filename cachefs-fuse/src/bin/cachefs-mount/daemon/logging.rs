use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::failure::Failure;
use crate::flags::LogConfig;

/// Starts the log: to the file given, else to standard error. Other crates are heard from warnings on, unless all
/// of it is wanted.
///
/// # Errors
/// When the file cannot be opened.
pub(super) fn start(config: &LogConfig) -> Result<(), Failure> {
    let others = if config.level == tracing::Level::TRACE { LevelFilter::TRACE } else { LevelFilter::WARN };
    let levels =
        Targets::new().with_default(others.min(config.level.into())).with_target("cachefs", config.level);
    let lines = tracing_subscriber::fmt::layer();
    let registry = tracing_subscriber::registry().with(levels);
    let started = match &config.file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| {
                Failure::system(format!("--log: {} cannot be opened: {error}", path.display()))
            })?;
            registry.with(lines.with_ansi(false).with_writer(Arc::new(file))).try_init()
        }
        None => registry.with(lines.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr)).try_init(),
    };
    started.map_err(|error| Failure::system(format!("the log cannot be started: {error}")))
}
