//! System calls and page-aligned memory for cachefs: the only crate with unsafe code.
