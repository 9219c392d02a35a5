/// Why a cache could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The backing does not answer for its top directory.
    #[error("the backing cannot open its root: {0}")]
    Root(#[source] cachefs_vfs::Error),
    /// The system refuses a thread.
    #[error("cannot start a background thread: {0}")]
    Thread(#[source] std::io::Error),
    /// The backing cannot be watched.
    #[error("the backing cannot be watched: {0}")]
    Watch(#[source] cachefs_vfs::Error),
    /// A limit that leaves nothing to work with.
    #[error("{what} must be at least {min}, not {given}")]
    Limit {
        /// Which one.
        what: &'static str,
        /// The least that makes sense.
        min: usize,
        /// What was asked for.
        given: usize,
    },
}
