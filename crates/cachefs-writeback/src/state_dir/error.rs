use std::path::{Path, PathBuf};

use cachefs_vfs::Error;

use super::Holder;

/// Why a state directory cannot be used: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another process has it.
    #[error("the state directory {} is in use {}", .path.display(), in_use(.holder.as_ref()))]
    Held {
        /// The state directory.
        path: PathBuf,
        /// Who; `None` if that is not written down.
        holder: Option<Holder>,
    },

    /// Somebody else made it.
    #[error(
        "the state directory {} belongs to user {uid}, who could read and change what is written: \
         remove it, or give another one",
        .path.display()
    )]
    Foreign {
        /// The state directory, or the one that it is in.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },

    /// Others may read or change it.
    #[error(
        "the state directory {} is open to other users (mode {mode:04o}): make sure that nobody has changed \
         anything in it, then chmod it to {wanted:04o}, or give another one",
        .path.display()
    )]
    Open {
        /// The state directory, or the one that it is in.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What they may be.
        wanted: u32,
    },

    /// It holds bytes of another directory, which was at the same path.
    #[error(
        "{} is not the directory that it was ({difference}), and {} holds bytes written to that one: mount the \
         filesystem that was there and try again, or save or drop the bytes with `cachefs recover`",
        .source_path.display(),
        .path.display()
    )]
    OtherSource {
        /// The state directory.
        path: PathBuf,
        /// Where the source was, and something else is.
        source_path: PathBuf,
        /// What tells them apart.
        difference: String,
    },

    /// It lies in what it is to serve: it would be cached by itself.
    #[error("the state directory {} is inside {}: give one outside of it", .path.display(), .inside.display())]
    Inside {
        /// The root of state directories.
        path: PathBuf,
        /// The source or the mount point.
        inside: PathBuf,
    },

    /// It was made by a later version.
    #[error("the state directory {} was made by a later version (format {format}): use that one", .path.display())]
    Later {
        /// The state directory.
        path: PathBuf,
        /// Its format.
        format: u32,
    },

    /// What is written in it makes no sense.
    #[error("the state directory {} {what}: save its journal with `cachefs recover`, or move it away", .path.display())]
    Damaged {
        /// The state directory.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },

    /// There is no place for it by default.
    #[error("there is no HOME and no XDG_STATE_HOME to keep the journal in: give a state directory")]
    NoHome,

    /// The system refused something.
    #[error(transparent)]
    Io(#[from] Error),
}

impl StateError {
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), what: what.into() }
    }

    /// For `map_err`: with what was being done and where.
    pub(super) fn io<E: Into<Error>>(what: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |error| Self::Io(error.into().on(what, path))
    }
}

fn in_use(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || {
            "by a process that does not say who it is: wait until it has ended, or give another one"
                .to_owned()
        },
        Holder::advice,
    )
}
