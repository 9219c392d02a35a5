use std::io::IoSliceMut;

use cachefs_vfs::{Privileges, VFile};

use crate::bench::Bench;

const BUFFER: usize = 4096;

/// Reads `count` buffers with one verb. Answers what was read.
fn read_many(file: &dyn VFile, count: usize, offset: u64) -> Vec<u8> {
    let mut buffers = vec![[0xEE_u8; BUFFER]; count];
    let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
    let read = file.read_many(&mut slices, offset).unwrap();
    let mut all = buffers.concat();
    all.truncate(read);
    all
}

#[test]
fn several_buffers_are_one_call_of_the_backing_at_most() {
    let bench = Bench::new();
    let content: Vec<u8> = (0..=250).cycle().take(16 * BUFFER).collect();
    let file = bench.dirty("f", &content);
    bench.settle();
    bench.counted.reset();
    assert_eq!(read_many(&*file, 16, 0), content);
    assert_eq!(bench.counted.snapshot().total(), 1, "clean");
    assert_eq!(file.write_at(b"over an edge", BUFFER as u64 - 5, Privileges::Keep).unwrap(), 12);
    let mut mixed = content;
    mixed[BUFFER - 5..BUFFER + 7].copy_from_slice(b"over an edge");
    bench.counted.reset();
    assert_eq!(read_many(&*file, 16, 0), mixed);
    assert_eq!(bench.counted.snapshot().total(), 1, "dirty in part");
    assert_eq!(read_many(&*file, 3, 100), mixed[100..100 + 3 * BUFFER]);
}

#[test]
fn what_is_all_dirty_is_read_without_the_backing() {
    let bench = Bench::new();
    let file = bench.dirty("f", &[7; 4 * BUFFER]);
    bench.counted.reset();
    assert_eq!(read_many(&*file, 4, 0), [7; 4 * BUFFER]);
    assert_eq!(bench.counted.snapshot().total(), 0);
}

#[test]
fn several_buffers_end_where_the_file_does_and_have_zeros_in_holes() {
    let bench = Bench::new();
    let file = bench.dirty("f", b"head");
    bench.settle();
    assert_eq!(file.write_at(b"tail", 2 * BUFFER as u64 + 10, Privileges::Keep).unwrap(), 4);
    let mut wanted = vec![0; 2 * BUFFER + 14];
    wanted[..4].copy_from_slice(b"head");
    wanted[2 * BUFFER + 10..].copy_from_slice(b"tail");
    assert_eq!(read_many(&*file, 4, 0), wanted);
    assert_eq!(read_many(&*file, 2, 4), wanted[4..4 + 2 * BUFFER]);
    assert_eq!(read_many(&*file, 2, 1 << 20), b"");
}
