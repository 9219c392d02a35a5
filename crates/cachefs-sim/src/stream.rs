use crate::expand::Remains;
use crate::sample;
use crate::trace::{Requests, Trace, TraceError};
use crate::{Blocks, Request, Sample};

/// The requests of a trace as caches see them: cut into blocks, and only those of the sample.
#[derive(Debug)]
pub(crate) struct Stream {
    requests: Requests,
    blocks: Option<Blocks>,
    remains: Remains,
    sample: Sample,
    /// How many there were, also outside the sample.
    seen: u64,
}

impl Stream {
    pub(crate) fn open(trace: &Trace, blocks: Option<Blocks>, sample: Sample) -> Result<Self, TraceError> {
        Ok(Self { requests: trace.requests()?, blocks, remains: Remains::default(), sample, seen: 0 })
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.requests.bytes_read()
    }

    pub(crate) const fn seen(&self) -> u64 {
        self.seen
    }

    fn any(&mut self) -> Option<Result<Request, TraceError>> {
        let Some(blocks) = self.blocks else { return self.requests.next() };
        loop {
            if let Some(block) = blocks.next(&mut self.remains) {
                return Some(Ok(block));
            }
            match self.requests.next()? {
                Ok(file) => self.remains = blocks.of(file),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Iterator for Stream {
    type Item = Result<Request, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let request = self.any()?;
            self.seen += 1;
            if request.as_ref().map_or(true, |request| sample::has(self.sample, request.key)) {
                return Some(request);
            }
        }
    }
}
