use std::io::{self, Write};

use cachefs_fuse::control::plain;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Has each event be one line, whatever names of others are in it: they neither begin lines nor steer a terminal.
#[derive(Debug)]
pub(super) struct Lines<M>(pub(super) M);

/// Takes one event.
#[derive(Debug)]
pub(super) struct Line<W>(W);

impl<W: Write> Write for Line<W> {
    /// The subscriber hands over whole events.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        self.0.write_all((plain(line).into_owned() + "\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Lines<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        Line(self.0.make_writer_for(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_whatever_is_in_it() {
        let mut written = Vec::new();
        let event = "WARN x\nall is well\u{1b}[2J, not written back\n";
        assert_eq!(Line(&mut written).write(event.as_bytes()).expect("written"), event.len());
        let line = String::from_utf8(written).expect("text");
        assert_eq!(line, "WARN x\\nall is well\\u{1b}[2J, not written back\n");
    }
}
