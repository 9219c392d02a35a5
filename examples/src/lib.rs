//! Holds the examples, and runs those of the README as tests.

#![doc = include_str!("../../README.md")]
