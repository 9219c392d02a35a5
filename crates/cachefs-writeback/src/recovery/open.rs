use cachefs_vfs::{VDir, Vfs};

use super::folded::Folded;
use super::replay::replay;
use super::{RecoverError, Replayed, Setup};
use crate::WriteBack;
use crate::core::Core;
use crate::journal::{BootId, FileNo, Journal, Setup as JournalSetup, SourceId};
use crate::overlay::Places;
use crate::sync::Arc;

impl WriteBack {
    /// Write-back over `backing`, with its journal in `journal`, which nobody else may have open. What is left there
    /// from before is dirty again when this returns, or lies where `Replayed` says. Blocks for as long as reading the
    /// journal and meeting the backing takes; nothing is flushed yet.
    ///
    /// # Errors
    /// The journal cannot be read or written, is another source's or another version's; no threads are to be had. The
    /// backing's errors are none: what could not be dealt with waits in the journal, and is named.
    pub fn open(
        backing: Arc<dyn Vfs>,
        journal: Arc<dyn VDir>,
        setup: Setup,
    ) -> Result<(Self, Replayed), RecoverError> {
        let Setup { config, source, boot, clock } = setup;
        let of_journal = JournalSetup {
            segment_size: config.segment_size,
            bytes_max: config.journal_max,
            source: SourceId(source),
            boot: BootId(boot),
        };
        let (journal, scan) = Journal::open(journal, of_journal)?;
        let folded = Folded::of(scan);
        let first = FileNo(folded.number_max.0.saturating_add(1));
        let core = Core::new(backing, journal, config, clock, first);
        let places = Places::new();
        let replayed = replay(&core, &places, folded);
        let flushers = core.start()?;
        Ok((Self::over(core, places, flushers), replayed))
    }
}
