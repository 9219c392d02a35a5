use fuser::FileHandle;

/// What the kernel says of an open file when it closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handle {
    /// We served it.
    Ours,
    /// It passed through, and was read only.
    Reading,
    /// It passed through, and may have been written to.
    Writing,
}

impl Handle {
    pub(crate) fn through(writes: bool) -> Self {
        if writes { Self::Writing } else { Self::Reading }
    }

    pub(crate) fn number(self) -> FileHandle {
        FileHandle(match self {
            Self::Ours => 0,
            Self::Reading => 1,
            Self::Writing => 2,
        })
    }
}

impl From<FileHandle> for Handle {
    fn from(number: FileHandle) -> Self {
        match number.0 {
            1 => Self::Reading,
            2 => Self::Writing,
            _ => Self::Ours,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_come_back_as_they_were() {
        for handle in [Handle::Ours, Handle::Reading, Handle::Writing] {
            assert_eq!(Handle::from(handle.number()), handle);
        }
    }
}
