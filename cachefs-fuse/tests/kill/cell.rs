//! Bytes that say themselves whose they are: each 16 of them name their file, their place in it and the write.

/// Bytes in a cell, at multiples of it.
const CELL: u64 = 16;

/// What write `seq` puts at `at` of file `no`.
pub(crate) fn fill(no: u32, at: u64, seq: u64, len: usize) -> Vec<u8> {
    let end = at + len as u64;
    let mut bytes = Vec::with_capacity(len);
    let mut start = at - at % CELL;
    while start < end {
        let cell = cell(no, start / CELL, seq);
        let from = usize::try_from(at.saturating_sub(start).min(CELL)).unwrap();
        let upto = usize::try_from((end - start).min(CELL)).unwrap();
        bytes.extend_from_slice(&cell[from..upto]);
        start += CELL;
    }
    bytes
}

fn cell(no: u32, index: u64, seq: u64) -> [u8; 16] {
    let mut cell = [0; 16];
    cell[..4].copy_from_slice(&no.to_le_bytes());
    cell[4..8].copy_from_slice(&u32::try_from(index).unwrap().to_le_bytes());
    cell[8..].copy_from_slice(&seq.to_le_bytes());
    cell
}

/// What the cell around `at` says, for people.
pub(crate) fn describe(bytes: &[u8], at: usize) -> String {
    let start = at - at % 16;
    let Some(cell) = bytes.get(start..start + 16) else {
        return format!("{:x?} at the end", &bytes[start.min(bytes.len())..]);
    };
    if cell.iter().all(|byte| *byte == 0) {
        return "zeros".to_owned();
    }
    let word = |range: std::ops::Range<usize>| u32::from_le_bytes(cell[range].try_into().unwrap());
    let seq = u64::from_le_bytes(cell[8..].try_into().unwrap());
    format!("file {:#x}, place {:#x}, write {seq}", word(0..4), u64::from(word(4..8)) * CELL)
}

#[test]
fn any_part_of_the_bytes_is_the_part_of_all_of_them() {
    let all = fill(3, 0, 9, 100);
    assert_eq!(fill(3, 21, 9, 40), all[21..61]);
    assert_eq!(fill(3, 32, 9, 1), all[32..33]);
    assert_eq!(describe(&all, 37), "file 0x3, place 0x20, write 9");
}
