use std::collections::VecDeque;
use std::io::{self, Write};

use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that are kept.
const LINES_MAX: usize = 500;
/// Bytes of one that are kept.
const LENGTH_MAX: usize = 2000;

static LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Keeps the newest lines of the log, wherever else it goes.
#[derive(Clone, Copy, Debug)]
pub(in crate::daemon) struct Recent;

impl Recent {
    /// Those there are, the oldest first.
    pub(in crate::daemon) fn lines() -> Vec<String> {
        LINES.lock().iter().cloned().collect()
    }
}

impl Write for Recent {
    /// The subscriber hands over whole events.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line: String = text.trim_end().chars().take(LENGTH_MAX).collect();
        let mut lines = LINES.lock();
        if lines.len() >= LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Recent {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept() {
        for number in 0..LINES_MAX + 3 {
            Recent.write_all(format!("line {number}\n").as_bytes()).expect("written");
        }
        let lines = Recent::lines();
        assert_eq!(lines.len(), LINES_MAX);
        assert!(lines.ends_with(&[format!("line {}", LINES_MAX + 2)]), "{:?}", lines.last());
    }
}
