//! Where a write-back keeps its journal, and who owns it.
