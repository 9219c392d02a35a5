//! The file that a recording is: see docs/warming.md.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use lru::LruCache;

/// The first line: what it is, and the version of what follows.
const HEAD: &str = "cachefs-record 1";
/// A path is written again when so many others were used since.
const WINDOW: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("not zero");
/// No path is longer: 4096 bytes, each of which may have to be escaped.
const LINE_MAX: usize = 16 << 10;

/// How something was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses(u8);

impl Uses {
    pub(crate) const OPENED: Self = Self(1);
    pub(crate) const READ: Self = Self(2);
    pub(crate) const WRITTEN: Self = Self(4);
    pub(crate) const LISTED: Self = Self(8);
    /// As they are written.
    const LETTERS: [(Self, u8); 4] =
        [(Self::OPENED, b'o'), (Self::READ, b'r'), (Self::WRITTEN, b'w'), (Self::LISTED, b'l')];

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn parse(letters: &[u8]) -> Option<Self> {
        let of = |letter: &u8| Self::LETTERS.iter().find(|(_, known)| known == letter).map(|(uses, _)| *uses);
        let uses = letters.iter().try_fold(Self(0), |uses, letter| Some(uses.and(of(letter)?)));
        uses.filter(|uses| uses.0 != 0)
    }
}

/// A recording being written: in order, each path once as long as it is remembered.
#[derive(Debug)]
pub(super) struct Sheet<W: Write> {
    out: BufWriter<W>,
    written: LruCache<PathBuf, Uses>,
    pub(super) lines: u64,
}

impl<W: Write> Sheet<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        let mut out = BufWriter::new(out);
        writeln!(out, "{HEAD}")?;
        Ok(Self { out, written: LruCache::new(WINDOW), lines: 0 })
    }

    /// That a path, relative to the top of the mount, was used. Nothing is written that was before.
    pub(super) fn note(&mut self, path: &Path, uses: Uses) -> io::Result<()> {
        let known = self.written.get(path).copied().unwrap_or_default();
        let both = known.and(uses);
        if both == known {
            return Ok(());
        }
        self.written.put(path.to_owned(), both);
        self.lines += 1;
        for (_, letter) in Uses::LETTERS.iter().filter(|(one, _)| uses.has(*one)) {
            self.out.write_all(&[*letter])?;
        }
        writeln!(self.out, " {}", escaped(path))
    }

    /// A line for people.
    pub(super) fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "# {text}")
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Hands out what is in a recording, line by line.
///
/// # Errors
/// If it cannot be read, or is none: with the number of the line.
pub(crate) fn read(file: &Path, mut each: impl FnMut(PathBuf, Uses)) -> io::Result<()> {
    let mut input = BufReader::new(File::open(file)?);
    let wrong = |number: u64, what: &str| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {what}"))
    };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = io::Read::take(&mut input, LINE_MAX as u64).read_until(b'\n', &mut line)?;
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        match (number, length) {
            (1, _) if text == HEAD.as_bytes() => {}
            (1, _) => return Err(wrong(1, &format!("this is no recording: it would begin with {HEAD:?}"))),
            (_, 0) => break,
            (_, LINE_MAX..) => return Err(wrong(number, "it is longer than any path")),
            _ if text.is_empty() || text.starts_with(b"#") => {}
            _ => {
                let (path, uses) =
                    parse(text).ok_or_else(|| wrong(number, "no use and path (\"or src/a.c\")"))?;
                each(path, uses);
            }
        }
    }
    Ok(())
}

fn parse(line: &[u8]) -> Option<(PathBuf, Uses)> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let uses = Uses::parse(&line[..space])?;
    let path = unescaped(&line[space + 1..])?;
    let inside = path
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
    (inside && !path.as_os_str().is_empty()).then_some((path, uses))
}

/// In one line, whatever is in it: control characters, `%` and what is not UTF-8 as `%` and two hexadecimal digits.
fn escaped(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let mut text = String::with_capacity(bytes.len() + 8);
    let escape = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            text.push_str(&format!("%{byte:02x}"));
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '%' => text.push_str("%25"),
                _ if c.is_control() => escape(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                _ => text.push(c),
            }
        }
        escape(&mut text, chunk.invalid());
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

fn unescaped(text: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digits = [*rest.next()?, *rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => *byte,
        };
        bytes.push(byte);
    }
    (!bytes.contains(&0)).then(|| PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn all(text: &[u8]) -> io::Result<Vec<(PathBuf, Uses)>> {
        let file = tempfile::NamedTempFile::new().expect("temp");
        std::fs::write(file.path(), text).expect("write");
        let mut all = Vec::new();
        read(file.path(), |path, uses| all.push((path, uses)))?;
        Ok(all)
    }

    #[test]
    fn any_name_is_read_as_it_was_written() {
        let names =
            [&b"a b"[..], b"\n", b"%", b"%41", b"\xff\xfe/\x01", "Größe\u{85}".as_bytes(), b"#", b" "];
        let mut bytes = Vec::new();
        let mut sheet = Sheet::new(&mut bytes).expect("head");
        for name in names {
            sheet.note(Path::new(OsStr::from_bytes(name)), Uses::READ).expect("note");
        }
        sheet.note(Path::new(""), Uses::LISTED).expect("note");
        sheet.finish().expect("flush");
        drop(sheet);
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), names.len() + 2);
        let read = all(&bytes).expect("a recording");
        let paths: Vec<&[u8]> = read.iter().map(|(path, _)| path.as_os_str().as_bytes()).collect();
        assert_eq!(paths[..names.len()], names);
        assert_eq!(read.last(), Some(&(PathBuf::from("."), Uses::LISTED)));
    }

    #[test]
    fn what_was_written_is_not_again() {
        let mut bytes = Vec::new();
        let mut sheet = Sheet::new(&mut bytes).expect("head");
        for uses in [Uses::OPENED, Uses::OPENED.and(Uses::READ), Uses::READ, Uses::OPENED] {
            sheet.note(Path::new("a"), uses).expect("note");
        }
        sheet.remark("lost").expect("remark");
        sheet.finish().expect("flush");
        drop(sheet);
        assert_eq!(String::from_utf8(bytes).expect("text"), "cachefs-record 1\no a\nor a\n# lost\n");
    }

    #[test]
    fn what_is_no_recording_is_told_with_its_line() {
        let long = [b"cachefs-record 1\no ".to_vec(), vec![b'a'; LINE_MAX]].concat();
        for (text, line) in [
            (&b""[..], 1),
            (b"a list\n", 1),
            (b"cachefs-record 2\no a\n", 1),
            (b"cachefs-record 1\no a\nx a\n", 3),
            (b"cachefs-record 1\no\n", 2),
            (b"cachefs-record 1\no a%4\n", 2),
            (b"cachefs-record 1\no a%00\n", 2),
            (b"cachefs-record 1\no ../a\n", 2),
            (b"cachefs-record 1\no /a\n", 2),
            (&long, 2),
        ] {
            let error = all(text).expect_err("no recording").to_string();
            assert!(error.starts_with(&format!("line {line}:")), "{error}");
        }
    }
}
