use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsRawFd, BorrowedFd};

use hashbrown::HashSet;

use crate::Result;

/// What the kernel has marked for a queue at the moment, by a number that it tells of each mark: `wd` or `ino`. Those
/// that end say so by an event, but events get lost.
pub(super) fn alive(queue: BorrowedFd<'_>, what: &str) -> Result<HashSet<u64>> {
    let mut marks = BufReader::new(File::open(format!("/proc/self/fdinfo/{}", queue.as_raw_fd()))?);
    let (mut alive, mut line) = (HashSet::new(), Vec::new());
    while marks.read_until(b'\n', &mut line)? > 0 {
        alive.extend(number(&line, what));
        line.clear();
    }
    Ok(alive)
}

/// `inotify wd:1f ino:3c4a7 sdev:1b mask:2 ...` or `fanotify ino:3c4a7 sdev:1b mflags:0 ...`, in hexadecimal.
fn number(line: &[u8], what: &str) -> Option<u64> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    // Above the marks, the descriptor itself is described.
    if !matches!(fields.next()?, "inotify" | "fanotify") {
        return None;
    }
    let number = fields.find_map(|field| field.strip_prefix(what)?.strip_prefix(':'))?;
    u64::from_str_radix(number, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init, remove_watch};

    use super::*;

    #[test]
    fn marks_are_told_until_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let queue = init(CreateFlags::CLOEXEC).unwrap();
        let watches: Vec<_> = (0..20)
            .map(|number| {
                let path = dir.path().join(number.to_string());
                std::fs::create_dir(&path).unwrap();
                add_watch(&queue, &path, WatchFlags::CREATE).unwrap()
            })
            .collect();
        let number = |watch: i32| u64::try_from(watch).unwrap();
        assert_eq!(alive(queue.as_fd(), "wd").unwrap(), watches.iter().copied().map(number).collect());
        remove_watch(&queue, watches[3]).unwrap();
        let alive = alive(queue.as_fd(), "wd").unwrap();
        assert!(alive.len() == 19 && !alive.contains(&number(watches[3])));
    }

    #[test]
    fn only_marks_are_marks() {
        assert_eq!(number(b"fanotify ino:1f sdev:fe00000 mflags:0 mask:2", "ino"), Some(31));
        for other in
            [&b"ino:\t1039\n"[..], b"fanotify flags:10 event-flags:0\n", b"fanotify sdev:1b mask:2\n", b"\n"]
        {
            assert_eq!(number(other, "ino"), None);
        }
    }
}
