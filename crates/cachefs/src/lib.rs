//! A block and metadata cache over any filesystem.
