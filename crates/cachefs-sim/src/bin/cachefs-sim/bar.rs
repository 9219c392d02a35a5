use cachefs_sim::Trace;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far a trace is, on the standard error output where that is a terminal.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(trace: &Trace, wanted: bool) -> Self {
        // It is read twice.
        let bar = ProgressBar::with_draw_target(Some(2 * trace.len_on_disk()), ProgressDrawTarget::stderr());
        if !wanted {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent} %, {eta} left") {
            bar.set_style(style);
        }
        let name = trace.path().file_name().unwrap_or_default();
        bar.set_message(name.to_string_lossy().into_owned());
        Self(bar)
    }

    pub(crate) fn note(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
