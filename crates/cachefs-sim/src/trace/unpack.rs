//! What is read before a trace is parsed: bytes counted, zstd told by its magic number.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::rc::Rc;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// Of a frame of zstd.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Of a frame to be skipped: its first byte may be any that has the same upper half.
const SKIPPABLE: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// Counts what goes through, in bytes.
pub(super) struct Counting<R> {
    reader: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counting<R> {
    pub(super) fn new(reader: R, count: &Rc<Cell<u64>>) -> Self {
        Self { reader, count: Rc::clone(count) }
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buffer)?;
        self.count.set(self.count.get() + u64::try_from(len).unwrap_or(0));
        Ok(len)
    }
}

/// The contents, decompressed if they are compressed.
pub(super) fn reader(mut file: impl BufRead + 'static) -> io::Result<Box<dyn BufRead>> {
    let head = file.fill_buf()?;
    let skippable = head.len() >= 4 && head[0] & 0xf0 == SKIPPABLE[0] && head[1..4] == SKIPPABLE[1..];
    if head.starts_with(&MAGIC) || skippable {
        let frames = Frames { file, decoder: FrameDecoder::new(), within: false };
        return Ok(Box::new(BufReader::with_capacity(super::HEAD, frames)));
    }
    Ok(Box::new(file))
}

/// One frame after the other, as there may be many in a file.
struct Frames<R> {
    file: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    /// Goes into the next frame, if there is one.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.reset(&mut self.file) {
            Ok(()) => self.within = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                io::copy(&mut self.file.by_ref().take(length.into()), &mut io::sink())?;
            }
            Err(error) => return Err(broken(error)),
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        let written = self.decoder.get_checksum_from_data();
        if written.is_some() && written != self.decoder.get_calculated_checksum() {
            return Err(broken("its checksum is another"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within {
                if self.file.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
                continue;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.file, one).map_err(broken)?;
            }
            let len = self.decoder.read(buffer)?;
            if len > 0 || buffer.is_empty() {
                return Ok(len);
            }
            self.end()?;
        }
    }
}

fn broken(what: impl Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("broken zstd: {what}"))
}
