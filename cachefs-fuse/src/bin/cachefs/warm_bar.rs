use std::io::IsTerminal;

use cachefs_fuse::control::WarmFar;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use crate::warm::plus;

/// Shows people at a terminal how far it is.
pub(crate) struct Bar {
    bar: Option<ProgressBar>,
    /// At least so many files.
    least: u64,
}

impl Bar {
    pub(crate) fn new(wanted: bool, least: u64) -> Self {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::no_length();
            let style = "warming {bar:30} {pos} of {len} files, {msg}, {per_sec}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, least }
    }

    pub(crate) fn hear(&self, before: &WarmFar, far: &Map<String, Value>) {
        let Some(bar) = &self.bar else { return };
        let Ok(far) = serde_json::from_value(Value::Object(far.clone())) else { return };
        let sum = plus(before, &far);
        bar.set_length(sum.files_found.max(self.least));
        bar.set_position(sum.files + sum.errors + sum.missing);
        bar.set_message(HumanBytes(sum.bytes).to_string());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
