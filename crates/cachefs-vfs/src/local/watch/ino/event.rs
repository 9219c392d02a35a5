use rustix::fs::inotify::ReadFlags;
use rustix::io::{Errno, Result};

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// The watch it came by; -1 if by none.
    pub(super) watch: i32,
    pub(super) flags: ReadFlags,
    /// The same number in both halves of a rename.
    pub(super) cookie: u32,
    /// In the watched directory; empty if the event is about what is watched itself.
    pub(super) name: &'a [u8],
}

/// `struct inotify_event`: wd i32, mask u32, cookie u32, len u32; then the name, padded with zeros.
const HEADER: usize = 16;

/// The events in what was read from the queue.
///
/// # Errors
/// `EPROTO` for what this module does not understand.
pub(super) fn parse(mut rest: &[u8]) -> Result<Vec<Event<'_>>> {
    let mut events = Vec::with_capacity(rest.len() / (2 * HEADER));
    while !rest.is_empty() {
        let (event, after) = first(rest).ok_or(Errno::PROTO)?;
        events.push(event);
        rest = after;
    }
    Ok(events)
}

fn first(buffer: &[u8]) -> Option<(Event<'_>, &[u8])> {
    let word = |at: usize| buffer.get(at * 4..)?.first_chunk().copied().map(u32::from_ne_bytes);
    let length = usize::try_from(word(3)?).ok()?;
    let (name, rest) = buffer.get(HEADER..)?.split_at_checked(length)?;
    let event = Event {
        watch: word(0)?.cast_signed(),
        flags: ReadFlags::from_bits_retain(word(1)?),
        cookie: word(2)?,
        name: name.split(|&byte| byte == 0).next().unwrap_or_default(),
    };
    Some((event, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(watch: i32, flags: ReadFlags, length: u32, name: &[u8]) -> Vec<u8> {
        let mut bytes = watch.to_ne_bytes().to_vec();
        bytes.extend(flags.bits().to_ne_bytes());
        bytes.extend(9_u32.to_ne_bytes());
        bytes.extend(length.to_ne_bytes());
        bytes.extend(name);
        bytes
    }

    #[test]
    fn names_lose_their_padding() {
        let buffer =
            [raw(3, ReadFlags::MODIFY, 0, b""), raw(-1, ReadFlags::CREATE, 8, b"abc\0\0\0\0\0")].concat();
        let expected = [
            Event { watch: 3, flags: ReadFlags::MODIFY, cookie: 9, name: b"" },
            Event { watch: -1, flags: ReadFlags::CREATE, cookie: 9, name: b"abc" },
        ];
        assert_eq!(parse(&buffer).unwrap(), expected);
    }

    #[test]
    fn lengths_that_lie_are_an_error() {
        for bad in
            [raw(3, ReadFlags::MODIFY, 1, b""), raw(3, ReadFlags::MODIFY, u32::MAX, b"abc\0"), vec![0; 15]]
        {
            assert_eq!(parse(&bad), Err(Errno::PROTO), "{bad:?}");
        }
    }
}
