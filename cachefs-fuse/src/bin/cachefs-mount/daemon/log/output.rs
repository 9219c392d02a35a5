use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use cachefs_fuse::control::plain;
use parking_lot::{Condvar, Mutex};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::repeats::{Held, Repeats, WINDOW};
use super::sink::Sink;

/// Has each event be one line, whatever names of others are in it: they neither begin lines nor steer a terminal. What
/// is told again and again is told a few times, and then how often.
#[derive(Debug)]
pub(super) struct Output {
    sink: Box<dyn Sink>,
    is_json: bool,
    repeats: Mutex<Repeats>,
    /// Something was held back.
    held: Condvar,
}

impl Output {
    /// # Errors
    /// When there is no thread to be had for what was held back.
    pub(super) fn start(sink: Box<dyn Sink>, is_json: bool) -> io::Result<Arc<Self>> {
        let repeats = Mutex::new(Repeats::default());
        let output = Arc::new(Self { sink, is_json, repeats, held: Condvar::new() });
        let follower = Arc::downgrade(&output);
        let follow = move || {
            while let Some(output) = follower.upgrade() {
                output.follow();
            }
        };
        thread::Builder::new().name("log".to_owned()).spawn(follow)?;
        Ok(output)
    }

    /// Waits until what was held back is due, and tells of it.
    fn follow(&self) {
        let mut repeats = self.repeats.lock();
        match repeats.next_due() {
            None => self.held.wait(&mut repeats),
            Some(due) => {
                _ = self.held.wait_until(&mut repeats, due);
            }
        }
        let due = repeats.due(Instant::now());
        drop(repeats);
        self.tell(due);
    }

    /// Tells of all that was held back.
    pub(super) fn finish(&self) {
        let rest = self.repeats.lock().due(Instant::now() + WINDOW);
        self.tell(rest);
    }

    fn put(&self, level: Level, callsite: Identifier, line: &str) {
        // Who asks for these wants to see each of them.
        let is_limited = level <= Level::INFO;
        let (is_held, due) = {
            let (mut repeats, now) = (self.repeats.lock(), Instant::now());
            let due = repeats.due(now);
            (is_limited && repeats.holds(callsite, level, line, now), due)
        };
        self.tell(due);
        if is_held {
            self.held.notify_one();
        } else {
            self.sink.put(level, line);
        }
    }

    fn tell(&self, held: Vec<Held>) {
        for held in held {
            self.sink.put(held.level, &held.told(self.is_json));
        }
    }
}

/// Takes one event.
#[derive(Debug)]
pub(super) struct Line<'a> {
    output: &'a Output,
    level: Level,
    callsite: Option<Identifier>,
}

impl Write for Line<'_> {
    /// The subscriber hands over whole events.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        // JSON has it written out already, in its own way.
        let line = if self.output.is_json { line.into() } else { plain(line) };
        match self.callsite.take() {
            Some(callsite) => self.output.put(self.level, callsite, &line),
            None => self.output.sink.put(self.level, &line),
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// For the subscriber.
#[derive(Clone, Debug)]
pub(super) struct Lines(pub(super) Arc<Output>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { output: &self.0, level: Level::INFO, callsite: None }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line { output: &self.0, level: *event.level(), callsite: Some(event.callsite()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt;

    use super::super::json::Json;
    use super::*;

    #[derive(Debug)]
    struct Heard(Sender<(Level, String)>);

    impl Sink for Heard {
        fn put(&self, level: Level, line: &str) {
            self.0.send((level, line.to_owned())).expect("heard");
        }
    }

    #[test]
    fn an_event_is_a_line_whatever_is_in_it_and_repeats_are_counted() {
        let (sender, lines) = channel();
        let output = Output::start(Box::new(Heard(sender)), false).expect("thread");
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_target(false);
        let layer = layer.with_writer(Lines(Arc::clone(&output)));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!("x\nall is well\u{202e}");
            for number in 0..300 {
                tracing::error!(number, "it failed");
            }
        });
        output.finish();
        let told: Vec<_> = lines.try_iter().collect();
        assert_eq!(told[0], (Level::WARN, " WARN x\\nall is well\\u{202e}".to_owned()));
        assert_eq!(told.len(), 1 + 10 + 1);
        let last = (Level::ERROR, "ERROR it failed number=299 … 289 more like it in 10 s".to_owned());
        assert_eq!(told[11], last);
    }

    #[test]
    fn what_is_held_back_is_told_even_if_nothing_follows() {
        let (sender, lines) = channel();
        let output = Output::start(Box::new(Heard(sender)), true).expect("thread");
        output.repeats.lock().shorten(Duration::from_millis(50));
        let layer =
            tracing_subscriber::fmt::layer().event_format(Json).with_writer(Lines(Arc::clone(&output)));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for _ in 0..12 {
                tracing::warn!(path = "a\u{9b}\u{202e}\n\"b", "slow");
            }
        });
        let read = |(_, line): (Level, String)| {
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            serde_json::from_str::<serde_json::Value>(&line).expect("json")
        };
        let told: Vec<_> =
            (0..11).map(|_| read(lines.recv_timeout(Duration::from_secs(20)).expect("a line"))).collect();
        assert_eq!((&told[0]["message"], &told[0]["level"]), (&"slow".into(), &"WARN".into()));
        assert_eq!(told[0]["path"], "a\u{9b}\u{202e}\n\"b");
        assert_eq!((&told[10]["more_like_it"], &told[10]["message"]), (&1.into(), &"slow".into()));
    }
}
