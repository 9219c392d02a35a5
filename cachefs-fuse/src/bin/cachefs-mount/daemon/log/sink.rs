use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Write};

use tracing::Level;

/// Where the log goes, line by line.
pub(super) trait Sink: Debug + Send + Sync {
    /// Takes one line, without its end, in which nothing begins another one. What cannot be written is lost.
    fn put(&self, level: Level, line: &str);
}

/// A file, or standard error.
#[derive(Debug)]
pub(super) struct File<W>(pub(super) W);

/// Standard error that leads to the journal, which takes the time, and how grave a line is from its beginning.
#[derive(Debug)]
pub(super) struct Journal<W>(pub(super) W);

impl<W: Debug + Send + Sync> Sink for File<W>
where
    for<'a> &'a W: Write,
{
    fn put(&self, _: Level, line: &str) {
        _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}

impl<W: Debug + Send + Sync> Sink for Journal<W>
where
    for<'a> &'a W: Write,
{
    fn put(&self, level: Level, line: &str) {
        _ = (&self.0).write_all(format!("<{}>{line}\n", severity(level)).as_bytes());
    }
}

impl Journal<io::Stderr> {
    /// Whether standard error is the stream that `JOURNAL_STREAM` names by device and inode.
    pub(super) fn is_stderr(named: Option<OsString>) -> bool {
        let Ok(stat) = rustix::fs::fstat(rustix::stdio::stderr()) else { return false };
        named.and_then(|named| named.into_string().ok()) == Some(format!("{}:{}", stat.st_dev, stat.st_ino))
    }
}

/// How grave it is, as syslog(3) counts.
pub(super) const fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_told_how_grave_a_line_is() {
        let file = tempfile::tempfile().expect("temp");
        let journal = Journal(file.try_clone().expect("clone"));
        journal.put(Level::ERROR, "it broke");
        journal.put(Level::INFO, "fine");
        File(file.try_clone().expect("clone")).put(Level::ERROR, "bare");
        let mut text = String::new();
        let mut file = file;
        io::Seek::rewind(&mut file).expect("rewind");
        io::Read::read_to_string(&mut file, &mut text).expect("read");
        assert_eq!(text, "<3>it broke\n<6>fine\nbare\n");
    }

    #[test]
    fn standard_error_is_the_journal_only_if_it_is_the_stream_named() {
        let stat = rustix::fs::fstat(rustix::stdio::stderr()).expect("stderr");
        assert!(Journal::is_stderr(Some(format!("{}:{}", stat.st_dev, stat.st_ino).into())));
        assert!(!Journal::is_stderr(Some("1:1".into())));
        assert!(!Journal::is_stderr(None));
    }
}
