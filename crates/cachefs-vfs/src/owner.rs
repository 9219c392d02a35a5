use crate::Mode;

/// On whose behalf something is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who, or `None` for the process itself.
    pub uid: Option<u32>,
    /// The primary group, or `None` for that of the process.
    pub gid: Option<u32>,
    /// The supplementary groups, for the backing's own permission checks.
    pub groups: Groups,
    /// Bits that the new mode loses where the parent has no default ACL; `None` for the umask of the process.
    pub umask: Option<Mode>,
}

/// Supplementary groups of an [`Owner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// None but the primary one.
    None,
    /// These.
    List(Vec<u32>),
    /// Those of a running process, looked up only if the backing refuses without them.
    OfProcess(u32),
}

impl Owner {
    /// The process itself: its user, its groups, its umask.
    #[must_use]
    pub const fn process() -> Self {
        Self { uid: None, gid: None, groups: Groups::None, umask: None }
    }
}
