//! Which bytes of a file lie where in the journal.
