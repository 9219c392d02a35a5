use std::io::BufRead;
use std::ops::Range;

use super::error::Flaw;
use super::{Format, Place, Request};

/// The unit of `.lis` traces, in bytes.
const SECTOR: u64 = 512;
/// No line of ours is longer, in bytes.
const LINE_MAX: usize = 1024;
/// A line of a `.lis` trace that asks for more sectors (a TiB) is a mistake.
const COUNT_MAX: u64 = 1 << 31;

/// Requests of a text, line by line. Empty lines and those that begin with `#` are skipped.
pub(super) struct Lines<R> {
    reader: R,
    format: Format,
    /// The number of the last line read.
    line: u64,
    text: Vec<u8>,
    /// What is left of a line that stands for many requests.
    sectors: Range<u64>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, format: Format) -> Self {
        Self { reader, format, line: 0, text: Vec::with_capacity(LINE_MAX), sectors: 0..0 }
    }

    /// The next line into `text`, with its end; `false` at the end of the trace.
    fn read(&mut self) -> Result<bool, Flaw> {
        self.text.clear();
        self.line += 1;
        loop {
            let part = self.reader.fill_buf()?;
            if part.is_empty() {
                return Ok(!self.text.is_empty());
            }
            let end = part.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(part.len());
            if self.text.len() + taken > LINE_MAX {
                return Err(Flaw::Line(self.line, format!("longer than {LINE_MAX} bytes")));
            }
            self.text.extend_from_slice(&part[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// What the line says; `None` if nothing.
    fn parse(&mut self) -> Result<Option<Request>, String> {
        let text = self.text.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") {
            return Ok(None);
        }
        Ok(match self.format {
            Format::Lis => {
                let [start, count, ..] = numbers::<4>(text, "start count ignored request")?;
                if count > COUNT_MAX {
                    return Err(format!("a count of {count} is beyond all reason"));
                }
                let end = start.checked_add(count).ok_or("beyond the last block there can be")?;
                self.sectors = start..end;
                self.sectors.next().map(sector)
            }
            Format::Sized => {
                let [key, size] = numbers(text, "key size")?;
                Some(Request { key, size, place: None })
            }
            _ => {
                let [key] = numbers(text, "key")?;
                Some(Request { key, size: 1, place: None })
            }
        })
    }
}

const fn sector(key: u64) -> Request {
    Request { key, size: SECTOR, place: Some(Place { file: 0, offset: key.saturating_mul(SECTOR) }) }
}

fn numbers<const N: usize>(text: &[u8], wanted: &str) -> Result<[u64; N], String> {
    let complain = || format!("\"{}\" is not `{wanted}`, all of them whole numbers", text.escape_ascii());
    let mut fields = text.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let mut numbers = [0; N];
    for number in &mut numbers {
        let field = fields.next().ok_or_else(complain)?;
        let field = str::from_utf8(field).map_err(|_| complain())?;
        *number = field.parse().map_err(|_| complain())?;
    }
    if fields.next().is_some() { Err(complain()) } else { Ok(numbers) }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Request, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(key) = self.sectors.next() {
            return Some(Ok(sector(key)));
        }
        loop {
            match self.read() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(flaw) => return Some(Err(flaw)),
            }
            match self.parse() {
                Ok(None) => {}
                Ok(Some(request)) => return Some(Ok(request)),
                Err(what) => return Some(Err(Flaw::Line(self.line, what))),
            }
        }
    }
}
