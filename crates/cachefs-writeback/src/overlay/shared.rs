use cachefs_vfs::{Attr, Result};

use super::name_locks::NameLocks;
use super::{Handles, Places};
use crate::core::{Asked, Core};
use crate::sync::Arc;

/// How often attributes are asked for anew when a flush ends meanwhile; after that, no flush may.
const TRIES_MAX: usize = 4;

/// What all handles of one write-back share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) places: Arc<Places>,
    pub(super) handles: Arc<Handles>,
    pub(super) names: NameLocks,
}

impl Shared {
    /// What `ask` gets from the backing, with what is dirty laid over it.
    pub(super) fn attr(&self, ask: impl Fn() -> Result<Attr>) -> Result<Attr> {
        for _ in 0..TRIES_MAX {
            let asked = self.core.asked();
            if let Some(attr) = self.core.attr_of(ask()?, asked) {
                return Ok(attr);
            }
        }
        let _turn = self.core.turn(ask()?.id)?;
        let asked = self.core.asked();
        let attr = ask()?;
        Ok(self.core.attr_of(attr, asked).unwrap_or(attr))
    }

    /// The same for what was `asked` for along with something else; `again` asks for it alone.
    pub(super) fn laid_over(
        &self,
        attr: Attr,
        asked: Asked,
        again: impl Fn() -> Result<Attr>,
    ) -> Result<Attr> {
        self.core.attr_of(attr, asked).map_or_else(|| self.attr(again), Ok)
    }
}
