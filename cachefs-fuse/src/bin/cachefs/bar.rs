use std::io::IsTerminal;
use std::time::Duration;

use cachefs_fuse::control::Far;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

/// Shows people at a terminal how far writing back is.
#[derive(Debug)]
pub(crate) struct Bar(Option<ProgressBar>);

impl Bar {
    /// One that moves only where people look at it.
    pub(crate) fn new(wanted: bool) -> Self {
        Self((wanted && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("writing back {bar:30} {msg}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    /// As it comes from the mount.
    pub(crate) fn hear(&self, far: &Map<String, Value>) {
        if let Ok(far) = serde_json::from_value(Value::Object(far.clone())) {
            self.note(&far);
        }
    }

    pub(crate) fn note(&self, far: &Far) {
        let Some(bar) = &self.0 else { return };
        bar.set_length(far.bytes_done + far.bytes_left);
        bar.set_position(far.bytes_done);
        bar.set_message(shown(far));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bytes per second are far below")]
fn shown(far: &Far) -> String {
    let left = far.seconds_left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let left = left.map_or_else(String::new, |left| format!(", {} left", HumanDuration(left)));
    format!(
        "{} of {}, {} of {} files, {}/s{left}",
        HumanBytes(far.bytes_done),
        HumanBytes(far.bytes_done + far.bytes_left),
        far.files_done,
        far.files_done + far.files_left,
        HumanBytes(far.bytes_per_second as u64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_reads_well() {
        let far = Far {
            bytes_done: 1 << 20,
            bytes_left: 3 << 20,
            files_done: 1,
            files_left: 1,
            bytes_per_second: 1_048_576.0,
            seconds_left: Some(3.0),
        };
        assert_eq!(shown(&far), "1.00 MiB of 4.00 MiB, 1 of 2 files, 1.00 MiB/s, 3 seconds left");
    }
}
