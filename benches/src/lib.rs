//! Side-by-side benchmarks: cachefs and copy-on-read.
