use rustix::io::{Errno, Result};

use super::Mask;
use super::record::{Bytes, Records};

/// `struct fanotify_event_metadata`: event_len u32, vers u8, reserved u8, metadata_len u16, mask u64, fd i32, pid i32.
const HEADER: usize = 24;
const VERSION: u8 = 3;

/// One event, as far as it is understood without looking at its records.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub mask: Mask,
    /// The process that did it, as this one sees it: 0 if it does not see it, or may not know.
    pub pid: i32,
    /// The file, opened; negative in groups that report handles.
    pub(super) fd: i32,
    records: &'a [u8],
}

impl<'a> Event<'a> {
    /// To what it happened.
    ///
    /// # Errors
    /// `EPROTO` for records that are not what this crate knows.
    pub fn records(&self) -> Result<Records<'a>> {
        Records::parse(self.records)
    }
}

/// The events in what [`super::Group::read`] gave.
#[must_use]
pub fn events(buffer: &[u8]) -> Events<'_> {
    Events { rest: buffer }
}

/// Iterates over events. Ends after the first that is not understood (`EPROTO`).
#[derive(Clone, Debug)]
pub struct Events<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let parsed = parse(self.rest);
        self.rest = parsed.map_or(&[], |(_, rest)| rest);
        Some(parsed.map(|(event, _)| event).ok_or(Errno::PROTO))
    }
}

fn parse(buffer: &[u8]) -> Option<(Event<'_>, &[u8])> {
    let length = usize::try_from(buffer.u32_at(0)?).ok()?;
    let header = usize::from(buffer.u16_at(6)?);
    if *buffer.get(4)? != VERSION || header < HEADER {
        return None;
    }
    let (event, rest) = buffer.split_at_checked(length)?;
    let mask = Mask::from_bits(event.u64_at(8)?);
    let (fd, pid) = (event.u32_at(16)?.cast_signed(), event.u32_at(20)?.cast_signed());
    Some((Event { mask, pid, fd, records: event.get(header..)? }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(length: u32, version: u8, header: u16) -> Vec<u8> {
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend([version, 0]);
        bytes.extend(header.to_ne_bytes());
        bytes.extend(Mask::MODIFY.bits().to_ne_bytes());
        bytes.extend((-1_i32).to_ne_bytes());
        bytes.extend(77_i32.to_ne_bytes());
        bytes
    }

    #[test]
    fn several_events_are_told_apart_by_their_lengths() {
        let buffer = [event(24, 3, 24), event(28, 3, 24), vec![0; 4], event(24, 3, 24)].concat();
        let pids: Vec<_> = events(&buffer).map(|event| event.map(|event| event.pid)).collect();
        assert_eq!(pids, [Ok(77), Ok(77), Ok(77)]);
        assert!(events(&[]).next().is_none());
    }

    #[test]
    fn lengths_that_lie_are_an_error_and_the_end() {
        let good = event(24, 3, 24);
        for bad in [
            event(0, 3, 24),
            event(23, 3, 24),
            event(25, 3, 24),
            event(u32::MAX, 3, 24),
            event(24, 2, 24),
            event(24, 3, 23),
            event(24, 3, 25),
            good[..23].to_vec(),
            good[..3].to_vec(),
        ] {
            let found: Vec<_> = events(&bad).map(|event| event.map(|event| event.pid)).collect();
            assert_eq!(found, [Err(Errno::PROTO)], "{bad:?}");
        }
    }
}
