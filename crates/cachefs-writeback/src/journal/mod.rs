//! The write-ahead log of dirty bytes.
