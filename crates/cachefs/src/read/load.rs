use std::io::IoSliceMut;

use cachefs_vfs::Result;

use super::Reader;
use crate::block::{BLOCK_SIZE, BlockIndex, BlockSpan, Frame, FrameMut, block_len};
use crate::fill::Lead;
use crate::meta::{Seen, View};
use crate::stats::Counter;

/// Blocks loaded by one call to the backing: 1 MiB.
pub(super) const RUN_MAX: usize = (1 << 20) / BLOCK_SIZE;

/// Neighbouring blocks that one caller leads the load of, with the part of each that it wants itself.
#[derive(Debug, Default)]
pub(super) struct Run(Vec<(BlockSpan, Lead)>);

impl Run {
    /// Whether this block can be loaded together with those of the run.
    pub(super) fn is_followed_by(&self, index: BlockIndex) -> bool {
        let goes_on = self.0.last().is_none_or(|(span, _)| span.index.next() == index);
        goes_on && self.0.len() < RUN_MAX
    }

    pub(super) fn push(&mut self, span: BlockSpan, lead: Lead) {
        self.0.push((span, lead));
    }
}

/// How a load ended.
#[derive(Debug)]
pub(super) enum Loaded {
    /// Everything is there.
    All,
    /// The file is not as long as the view has it.
    Resized,
    /// There was no memory for these.
    NoMemory(Vec<BlockSpan>),
}

/// What must be known from before a load to judge what it brought.
#[derive(Clone, Copy, Debug)]
struct Before {
    mark: u64,
    /// A change in the same clock tick could go unseen, if nobody tells of it.
    weak: bool,
    /// Since when we are told.
    seen: Seen,
}

impl Reader<'_> {
    /// Loads the run by one call, as far as there is memory, shows each block to `take` and to those who wait, and
    /// puts it into the store unless the file was changed meanwhile.
    pub(super) fn load(
        &self,
        view: View,
        run: Run,
        take: &mut dyn FnMut(&BlockSpan, &Frame),
    ) -> Result<Loaded> {
        let Some((first, _)) = run.0.first() else { return Ok(Loaded::All) };
        let (start, mut run) = (first.index.offset(), run.0);
        let before = self.before_load();
        for (span, lead) in &run {
            self.engine.store.expect(&lead.key(), block_len(view.size, span.index));
        }
        let mut frames = self.frames(view, &run);
        // Who waits for those that don't fit is told to try for himself.
        let rest: Vec<BlockSpan> = run.drain(frames.len()..).map(|(span, _)| span).collect();
        if frames.is_empty() {
            return Ok(Loaded::NoMemory(rest));
        }
        run.iter().for_each(|(_, lead)| self.count_miss(lead));
        match self.read_frames(&mut frames, start, view) {
            Ok(true) => {}
            Ok(false) => {
                self.engine.stats.add(Counter::FillErrors, run.len() as u64);
                return Ok(Loaded::Resized);
            }
            Err(error) => {
                self.engine.stats.add(Counter::FillErrors, run.len() as u64);
                run.into_iter().for_each(|(_, lead)| lead.finish(Err(error.clone())));
                return Err(error);
            }
        }
        for ((span, lead), frame) in run.into_iter().zip(frames) {
            let frame = frame.freeze();
            take(&span, &frame);
            self.keep(view, lead, frame, before, false);
        }
        Ok(if rest.is_empty() { Loaded::All } else { Loaded::NoMemory(rest) })
    }

    /// As [`Self::load`], for blocks that nobody asked for yet.
    pub(super) fn load_ahead(&self, view: View, run: Run) -> Result<()> {
        let Some((first, _)) = run.0.first() else { return Ok(()) };
        let (start, mut run) = (first.index.offset(), run.0);
        let before = self.before_load();
        let mut frames = self.frames(view, &run);
        run.truncate(frames.len());
        if frames.is_empty() || !self.read_frames(&mut frames, start, view)? {
            return Ok(());
        }
        for ((_, lead), frame) in run.into_iter().zip(frames) {
            let frame = frame.freeze();
            self.keep(view, lead, frame, before, true);
        }
        Ok(())
    }

    fn before_load(&self) -> Before {
        let mut state = self.node.state.lock();
        let mark = state.begin_load();
        Before { mark, weak: self.engine.is_young(&state), seen: state.seen() }
    }

    /// Memory for as many blocks from the first on as there is room for.
    fn frames(&self, view: View, run: &[(BlockSpan, Lead)]) -> Vec<FrameMut> {
        let lengths = run.iter().map(|(span, _)| block_len(view.size, span.index));
        lengths.map_while(|len| self.engine.store.frame(len)).collect()
    }

    /// Fills the frames by one call to the backing. False if the file does not end where the view has it: it was changed
    /// since, and these bytes do not belong to that length. Beyond the end one byte more is asked for to see that.
    fn read_frames(&self, frames: &mut [FrameMut], offset: u64, view: View) -> Result<bool> {
        let file = self.file()?;
        self.engine.probe_writer(self.node, false);
        let wanted: usize = frames.iter().map(|frame| frame.len()).sum();
        let mut beyond = [0];
        let mut slices: Vec<IoSliceMut<'_>> = frames.iter_mut().map(|frame| IoSliceMut::new(frame)).collect();
        if offset + wanted as u64 == view.size {
            slices.push(IoSliceMut::new(&mut beyond));
        }
        let count = self.engine.backing.read(|| file.read_many(&mut slices, offset))?;
        Ok(count == wanted)
    }

    /// Puts a loaded block into the store and hands it to those who wait for it, unless it may be outdated already.
    ///
    /// Both under the lock of the state, which every change of ours takes first and last: a change that began before
    /// is seen here, and who comes after one that begins later does not meet this load any more.
    fn keep(&self, view: View, lead: Lead, frame: Frame, before: Before, ahead: bool) {
        let key = lead.key();
        let mut state = self.node.state.lock();
        // What a watch covers is not compared with the backing any more, so weak bytes must have been under it before.
        let freshness = &self.engine.freshness;
        let unproven = before.weak && state.is_proven(freshness) && !freshness.is_proven(before.seen);
        if unproven || !state.may_keep(view.generation, before.mark, key.index) {
            drop(state);
            self.engine.stats.count(Counter::FillsStale);
            return;
        }
        let store = &self.engine.store;
        let kept = if ahead {
            store.insert_ahead(key, frame.clone(), lead.is_awaited())
        } else {
            store.insert(key, frame.clone())
        };
        if kept {
            state.note_block(key.index);
            if before.weak {
                state.note_weak(key.index, self.engine.clock.now());
            }
        }
        lead.finish(Ok(frame));
        drop(state);
        self.engine.stats.count(Counter::Fills);
    }

    /// A block that landed between our look and our turn to load it, handed on to those who wait for us; the turn, if
    /// it did not. The lock is for the same reason as in [`Self::keep`].
    pub(super) fn landed(&self, lead: Lead, span: &BlockSpan) -> Result<Frame, Lead> {
        let store = &self.engine.store;
        if !store.contains(&lead.key()) {
            return Err(lead);
        }
        let state = self.node.state.lock();
        let Some(frame) = store.get(&lead.key()).filter(|frame| frame.len() >= span.in_block().end) else {
            return Err(lead);
        };
        lead.finish(Ok(frame.clone()));
        drop(state);
        Ok(frame)
    }

    fn count_miss(&self, lead: &Lead) {
        let lost = self.node.state.lock().lost(lead.key().index);
        self.engine.stats.count_miss(lost.unwrap_or_else(|| self.engine.store.miss_reason(&lead.key())));
    }
}
