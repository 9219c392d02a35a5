//! Bringing dirty bytes to the backing.
