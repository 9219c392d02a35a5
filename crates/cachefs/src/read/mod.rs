//! A byte range of a file: what is here is copied, what is not is loaded, once, whoever asks for it.

mod ahead;
mod load;

use cachefs_vfs::{Access, Result, VFile, nowait};

use crate::block::{BlockKey, BlockSpan, SizeClass, block_len, spans};
use crate::engine::Engine;
use crate::fill::Turn;
use crate::meta::{Node, View};
use crate::stats::Counter;
use crate::sync::Arc;

use self::load::{Loaded, Run};

pub(crate) use self::ahead::prefetch;

/// How often a read begins anew because the file turned out not to be as long as known, before it goes past the cache.
const VIEWS_MAX: u32 = 3;

/// How often a read waits for others who give up, before it goes past the cache.
const ROUNDS_MAX: u32 = 8;

/// Who reads: an inode, and the handle's own handle of the backing where it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) node: &'a Arc<Node>,
    pub(crate) own: Option<&'a Arc<dyn VFile>>,
}

/// What one read did, counted when it is done: one that must not wait is tried twice.
#[derive(Debug, Default)]
struct Tally {
    hits: u64,
    hit_bytes: usize,
    miss_bytes: usize,
}

impl Reader<'_> {
    /// Reads from the cache and, for what is missing, the backing. `ahead` is called once, with the length of the
    /// file, before anybody waits.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64, ahead: impl FnOnce(u64)) -> Result<usize> {
        let mut ahead = Some(ahead);
        for _ in 0..VIEWS_MAX {
            let view = self.engine.view(self.node)?;
            let left = view.size.saturating_sub(offset);
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let mut notify = || ahead.take().into_iter().for_each(|ahead| ahead(view.size));
            if self.read_view(view, &mut buffer[..len], offset, &mut notify)? {
                return Ok(len);
            }
            // The backing had less than it should, or more: somebody cut the file, or made it longer.
            self.node.state.lock().expire();
        }
        self.read_past(buffer, offset)
    }

    /// Reads from the backing, whatever is cached.
    pub(crate) fn read_past(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let file = self.file()?;
        let count = self.engine.backing.read(|| file.read_at(buffer, offset))?;
        self.engine.stats.count(Counter::DataBypass);
        self.engine.stats.add_bytes(Counter::BypassBytes, count);
        Ok(count)
    }

    fn file(&self) -> Result<Arc<dyn VFile>> {
        match self.own {
            Some(own) => Ok(Arc::clone(own)),
            None => self.engine.file_handle(self.node, Access::Read),
        }
    }

    /// Fills the buffer, which lies within the length of the view. False if the file is not as long as the view has it.
    fn read_view(&self, view: View, buffer: &mut [u8], offset: u64, ahead: &mut dyn FnMut()) -> Result<bool> {
        let mut tally = Tally::default();
        let mut missing = self.copy_hits(view, buffer, offset, &mut tally);
        if !missing.is_empty() {
            nowait::check()?;
        }
        ahead();
        let mut rounds = 0;
        while !missing.is_empty() {
            if rounds == ROUNDS_MAX {
                return self.read_spans_past(&missing, buffer, offset);
            }
            rounds += 1;
            match self.load_missing(view, &missing, buffer, offset, &mut tally)? {
                Some(still) => missing = still,
                None => return Ok(false),
            }
        }
        self.count(&tally);
        Ok(true)
    }

    fn copy_hits(&self, view: View, buffer: &mut [u8], offset: u64, tally: &mut Tally) -> Vec<BlockSpan> {
        let mut missing = Vec::new();
        for span in spans(offset, buffer.len()) {
            let key = self.key(view, &span);
            let hash = key.hash64();
            self.engine.tap.see(hash, || SizeClass::of(block_len(view.size, span.index)));
            match self.engine.store.hit_by(hash, &key) {
                Some(hit) if copy(&hit, &span, buffer) => tally.hit(span.len),
                _ => missing.push(span),
            }
        }
        missing
    }

    /// Loads what nobody else is loading, then waits for the rest. Answers what is to be tried again; `None` if the
    /// file is not as long as the view has it.
    fn load_missing(
        &self,
        view: View,
        missing: &[BlockSpan],
        buffer: &mut [u8],
        offset: u64,
        tally: &mut Tally,
    ) -> Result<Option<Vec<BlockSpan>>> {
        let (mut run, mut follows, mut short) = (Run::default(), Vec::new(), false);
        for span in missing {
            match self.engine.fills.begin(self.key(view, span)) {
                Turn::Follow(follow) => follows.push((*span, follow)),
                Turn::Lead(lead) => match self.landed(lead, span) {
                    Ok(frame) => {
                        copy(&frame, span, buffer);
                        tally.hit(span.len);
                    }
                    Err(lead) => {
                        if !run.is_followed_by(span.index) {
                            short |=
                                !self.finish_run(view, std::mem::take(&mut run), buffer, offset, tally)?;
                        }
                        run.push(*span, lead);
                    }
                },
            }
        }
        short |= !self.finish_run(view, run, buffer, offset, tally)?;
        if short {
            return Ok(None);
        }
        let mut still = Vec::new();
        for (span, follow) in follows {
            match follow.wait()? {
                Some(frame) if copy(&frame, &span, buffer) => tally.miss_bytes += span.len,
                _ => still.push(span),
            }
        }
        Ok(Some(still))
    }

    /// False if the file is not as long as the view has it.
    fn finish_run(
        &self,
        view: View,
        run: Run,
        buffer: &mut [u8],
        offset: u64,
        tally: &mut Tally,
    ) -> Result<bool> {
        match self.load(view, run, &mut |span, frame| {
            copy(frame, span, buffer);
            tally.miss_bytes += span.len;
        })? {
            Loaded::All => Ok(true),
            Loaded::Resized => Ok(false),
            Loaded::NoMemory(rest) => self.read_spans_past(&rest, buffer, offset),
        }
    }

    /// Reads spans that no memory is to be had for straight into the buffer. False if the file is shorter than that.
    fn read_spans_past(&self, spans: &[BlockSpan], buffer: &mut [u8], offset: u64) -> Result<bool> {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Ok(true) };
        // What lies between is read again: this is the rare way out, and one call.
        let range = first.at_in_buffer..last.in_buffer().end;
        let wanted = range.len();
        let at = offset + first.at_in_buffer as u64;
        Ok(self.read_past(&mut buffer[range], at)? == wanted)
    }

    fn key(&self, view: View, span: &BlockSpan) -> BlockKey {
        BlockKey { file: self.node.id, generation: view.generation, index: span.index }
    }

    fn count(&self, tally: &Tally) {
        let stats = &self.engine.stats;
        if tally.hits > 0 {
            stats.count_data_hits(tally.hits, tally.hit_bytes);
        }
        if tally.miss_bytes > 0 {
            stats.add_bytes(Counter::MissBytes, tally.miss_bytes);
        }
    }
}

impl Tally {
    fn hit(&mut self, bytes: usize) {
        self.hits += 1;
        self.hit_bytes += bytes;
    }
}

/// Copies the span out of its block; false if the block is too short for it.
fn copy(block: &[u8], span: &BlockSpan, buffer: &mut [u8]) -> bool {
    let Some(bytes) = block.get(span.in_block()) else { return false };
    buffer[span.in_buffer()].copy_from_slice(bytes);
    true
}
