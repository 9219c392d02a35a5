use std::path::Path;

use cachefs_writeback::state_dir::Source;

use crate::failure::Failure;
use crate::mount_table::{MountTable, Spot};

/// What of other sources is, contains, or lies in the one that is to be mounted.
#[derive(Debug)]
pub(super) struct Kin {
    /// The source and the directories above it.
    lineage: Vec<Source>,
    table: Option<MountTable>,
    spot: Option<Spot>,
}

impl Kin {
    /// Of the source at this path, which is absolute and without symlinks.
    ///
    /// # Errors
    /// The source cannot be looked at.
    pub(super) fn of(source: &Path) -> Result<Self, Failure> {
        let ours = Source::of(source).map_err(|error| Failure::mount(error.to_string()))?;
        // One above that may not be looked at can still be known by its path.
        let above = source.ancestors().skip(1).filter_map(|path| Source::of(path).ok());
        let lineage = std::iter::once(ours).chain(above).collect();
        let table = MountTable::read()
            .inspect_err(|error| tracing::warn!(%error, "bind mounts of the source are not seen"))
            .ok();
        let spot = table.as_ref().and_then(|table| table.spot(source));
        Ok(Self { lineage, table, spot })
    }

    /// Whether files of both may be the same: by their paths, by what is mounted where, and by what was written down of
    /// the other, which is asked for nothing: it may hang.
    pub(super) fn has(&self, other: &Source) -> bool {
        let spot = self.table.as_ref().and_then(|table| table.spot(other.path()));
        let ours = self.lineage.first().map_or(Path::new("/"), Source::path);
        ours.starts_with(other.path())
            || other.path().starts_with(ours)
            || self.spot.as_ref().zip(spot).is_some_and(|(ours, other)| ours.overlaps(&other))
            || self.lineage.iter().any(|one| one.is_same_directory(other))
    }
}
