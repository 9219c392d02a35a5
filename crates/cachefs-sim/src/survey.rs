use crate::hash::KeyMap;
use crate::measure::Failure;
use crate::stream::Stream;
use crate::{NextUses, Tally};

/// So many requests go by between two reports of progress.
const STEP: u64 = 1 << 16;

/// What is in a trace.
#[derive(Debug)]
pub struct Survey {
    /// Requests, also those outside the sample.
    pub requests: u64,
    /// What the sample asks for; no hits.
    pub sampled: Tally,
    /// Distinct keys of the sample.
    pub keys: u64,
    /// What they weigh together, in bytes, each as it was first asked for.
    pub key_bytes: u64,
    /// When each comes again, if that was asked for.
    pub next_uses: Option<NextUses>,
}

impl Survey {
    /// Reads all of it; `progress` hears how many bytes of the file were read.
    pub(crate) fn of(
        stream: &mut Stream,
        with_next: bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, Failure> {
        let mut last = KeyMap::default();
        let mut survey = Self {
            requests: 0,
            sampled: Tally::default(),
            keys: 0,
            key_bytes: 0,
            next_uses: with_next.then(NextUses::default),
        };
        while let Some(request) = stream.next() {
            let request = request?;
            let now = survey.sampled.requests;
            let previous = last.insert(request.key, now);
            if previous.is_none() {
                survey.key_bytes = survey.key_bytes.saturating_add(request.size.max(1));
            }
            if let Some(uses) = &mut survey.next_uses {
                uses.push(previous).map_err(Failure::Space)?;
            }
            survey.sampled.count(request.size, false);
            if now.is_multiple_of(STEP) {
                progress(stream.bytes_read());
            }
        }
        survey.requests = stream.seen();
        survey.keys = u64::try_from(last.len()).unwrap_or(u64::MAX);
        Ok(survey)
    }
}
