//! Mount a cached view of a directory through FUSE.
