//! Slow, faulty and counting filesystems, a reference model and a conformance table.
