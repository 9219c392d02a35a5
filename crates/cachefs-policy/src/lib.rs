//! Eviction decisions for cachefs: pure, no I/O, no clock, no threads.
