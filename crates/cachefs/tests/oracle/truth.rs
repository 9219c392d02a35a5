use std::sync::atomic::{AtomicU32, Ordering};

use cachefs_vfs::{Privileges, VFile};
use parking_lot::{Mutex, RwLock};

/// Bytes are written and judged in cells: file number, version of the cell, twice, 16 bytes in all.
pub(crate) const CELL: usize = 16;
/// Cells per file: a little more than three blocks.
pub(crate) const CELLS: u64 = 3 * 4096 + 100;

/// What is known to be true of one file, whatever its name is.
pub(crate) struct Truth {
    number: u32,
    /// Held for writing while the file is cut, extended or replaced; how often it was replaced.
    pub(crate) length: RwLock<u32>,
    /// One writer at a time.
    pub(crate) writer: Mutex<()>,
    /// Whether the backing never gives half of a write.
    atomic: bool,
    /// The last version written of each cell before the write began, and after it returned.
    pub(crate) begun: Vec<AtomicU32>,
    pub(crate) done: Vec<AtomicU32>,
}

impl Truth {
    pub(crate) fn new(number: u64, atomic: bool) -> Self {
        let versions = || (0..CELLS).map(|_| AtomicU32::new(1)).collect();
        Self {
            number: u32::try_from(number).unwrap() + 1,
            length: RwLock::new(0),
            writer: Mutex::new(()),
            atomic,
            begun: versions(),
            done: versions(),
        }
    }

    fn cell(&self, version: u32) -> [u8; CELL] {
        let (file, version) = (self.number.to_le_bytes(), version.to_le_bytes());
        let mut cell = [0; CELL];
        for (target, part) in cell.chunks_exact_mut(4).zip([file, version, file, version]) {
            target.copy_from_slice(&part);
        }
        cell
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        (0..CELLS).flat_map(|_| self.cell(1)).collect()
    }

    /// Judges what a read brought that began when these were the done versions.
    pub(crate) fn judge(&self, first: u64, done: &[u32], bytes: &[u8]) {
        for (index, (cell, &done)) in bytes.chunks_exact(CELL).zip(done).enumerate() {
            let number = first + index as u64;
            let part = |at: usize| u32::from_le_bytes(cell[at..at + 4].try_into().unwrap());
            let begun = self.begun[usize::try_from(number).unwrap()].load(Ordering::SeqCst);
            assert_eq!([part(0), part(8)], [self.number; 2], "cell {number}: a byte of another file");
            for version in [part(4), part(12)] {
                assert!((done..=begun).contains(&version), "cell {number}: {version}, not {done}..={begun}");
            }
            assert!(!self.atomic || part(4) == part(12), "cell {number}: torn");
        }
    }
}

/// Writes the next version of these cells.
pub(crate) fn write_cells(truth: &Truth, file: &dyn VFile, first: u64, count: u64, append: bool) {
    let range = usize::try_from(first).unwrap()..usize::try_from(first + count).unwrap();
    let bytes: Vec<u8> = truth.begun[range.clone()]
        .iter()
        .flat_map(|begun| truth.cell(begun.fetch_add(1, Ordering::SeqCst) + 1))
        .collect();
    let written = if append {
        file.append(&bytes, Privileges::Keep)
    } else {
        file.write_at(&bytes, first * CELL as u64, Privileges::Keep)
    };
    assert_eq!(written.unwrap(), bytes.len());
    for (begun, done) in truth.begun[range.clone()].iter().zip(&truth.done[range]) {
        done.store(begun.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}
