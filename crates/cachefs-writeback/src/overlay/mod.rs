//! The handles: a write-back is a filesystem itself.
