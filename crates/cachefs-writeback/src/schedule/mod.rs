//! Which files are due to be flushed.

use std::time::Duration;

use cachefs_vfs::clock::Moment;

/// When a file is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// This long after it was last written to.
    pub(crate) flush_after: Duration,
    /// This long after the oldest of its dirty bytes was written, even if it is written to without end.
    pub(crate) dirty_age: Duration,
}

/// A dirty file, of which `K` is the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate<K> {
    /// Which.
    pub(crate) file: K,
    /// When the oldest of its dirty bytes was written.
    pub(crate) first: Moment,
    /// When it was last written to.
    pub(crate) last: Moment,
    /// Not before then, since it failed ([`crate::retry::Retry::due`]).
    pub(crate) not_before: Option<Moment>,
}

/// What to do now, and when to look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due<K> {
    /// To be flushed now; the ones that are longest dirty come first.
    pub(crate) files: Vec<K>,
    /// When the next of the others is due if nothing happens until then; `None` if there are no others.
    pub(crate) next: Option<Moment>,
}

impl Schedule {
    /// When `candidate` is due. `pressed`: room is needed, so all that do not wait for a retry are due at once.
    pub(crate) fn due_at<K>(&self, candidate: &Candidate<K>, pressed: bool) -> Moment {
        let by_age = candidate.first.plus(self.dirty_age);
        let by_itself =
            if pressed { candidate.first } else { candidate.last.plus(self.flush_after).min(by_age) };
        by_itself.max(candidate.not_before.unwrap_or_default())
    }

    /// Which of `candidates` are due at `now`. Those that are being flushed should not be among them.
    pub(crate) fn due<K>(
        &self,
        now: Moment,
        pressed: bool,
        candidates: impl IntoIterator<Item = Candidate<K>>,
    ) -> Due<K> {
        let mut due = Vec::new();
        let mut next: Option<Moment> = None;
        for candidate in candidates {
            let at = self.due_at(&candidate, pressed);
            if at <= now {
                due.push((candidate.first, candidate.file));
            } else {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        due.sort_by_key(|(first, _)| *first);
        Due { files: due.into_iter().map(|(_, file)| file).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule =
        Schedule { flush_after: Duration::from_secs(5), dirty_age: Duration::from_secs(30) };

    fn at(seconds: u64) -> Moment {
        Moment(seconds * 1_000_000_000)
    }

    fn file(file: u32, first: u64, last: u64) -> Candidate<u32> {
        Candidate { file, first: at(first), last: at(last), not_before: None }
    }

    fn due(now: u64, pressed: bool, files: &[Candidate<u32>]) -> (Vec<u32>, Option<Moment>) {
        let due = SCHEDULE.due(at(now), pressed, files.iter().copied());
        (due.files, due.next)
    }

    #[test]
    fn a_file_is_due_when_it_was_left_alone_long_enough() {
        let files = [file(1, 100, 102)];
        assert_eq!(due(106, false, &files), (vec![], Some(at(107))));
        assert_eq!(due(107, false, &files), (vec![1], None));
    }

    #[test]
    fn a_file_written_to_without_end_is_due_by_its_age() {
        assert_eq!(due(129, false, &[file(1, 100, 128)]), (vec![], Some(at(130))));
        assert_eq!(due(130, false, &[file(1, 100, 130)]), (vec![1], None));
    }

    #[test]
    fn under_pressure_all_are_due_oldest_first() {
        let files = [file(1, 104, 105), file(2, 100, 105), file(3, 102, 105)];
        assert_eq!(due(105, true, &files), (vec![2, 3, 1], None));
        assert_eq!(due(105, false, &files), (vec![], Some(at(110))));
    }

    #[test]
    fn what_failed_waits_even_under_pressure() {
        let failed = Candidate { not_before: Some(at(200)), ..file(1, 100, 100) };
        let files = [failed, file(2, 150, 151)];
        assert_eq!(due(160, true, &files), (vec![2], Some(at(200))));
        assert_eq!(due(200, false, &files), (vec![1, 2], None));
    }

    #[test]
    fn nothing_dirty_is_nothing_to_wait_for() {
        assert_eq!(due(1, true, &[]), (vec![], None));
    }
}
