//! Each format as it is written by others, whole and broken, plain and compressed.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::Write as _;
use std::path::Path;

use cachefs_sim::{Format, Place, Request, Trace, TraceError};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::NamedTempFile;

fn file(contents: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(contents).unwrap();
    file
}

fn read(contents: &[u8]) -> Result<(Format, Vec<Request>), TraceError> {
    let file = file(contents);
    let trace = Trace::find(file.path(), None)?;
    Ok((trace.format(), trace.requests()?.collect::<Result<_, _>>()?))
}

/// What is wrong, without the path.
fn flaw(contents: &[u8]) -> String {
    let file = file(contents);
    let wrong = Trace::find(file.path(), None)
        .and_then(|trace| trace.requests()?.collect::<Result<Vec<_>, _>>())
        .expect_err("it is broken");
    let path = file.path().display().to_string();
    wrong.to_string().strip_prefix(&path).expect("every error begins with the path").to_owned()
}

const fn request(key: u64, size: u64) -> Request {
    Request { key, size, place: None }
}

fn records(records: &[(u64, u32, i64)]) -> Vec<u8> {
    let record = |&(key, size, next): &(u64, u32, i64)| {
        [&7_u32.to_le_bytes()[..], &key.to_le_bytes(), &size.to_le_bytes(), &next.to_le_bytes()].concat()
    };
    records.iter().flat_map(record).collect()
}

#[test]
fn ids_are_a_key_per_line() {
    let expected = vec![request(17, 1), request(u64::MAX, 1), request(17, 1)];
    let text = b"# keys\n17\r\n\n 18446744073709551615 \n17";
    assert_eq!(read(text).unwrap(), (Format::Ids, expected));
}

#[test]
fn sized_is_a_key_and_bytes_per_line() {
    let expected = vec![request(1, 0), request(2, 5_000_000_000)];
    assert_eq!(read(b"1 0\n2\t5000000000\n").unwrap(), (Format::Sized, expected));
}

#[test]
fn lis_is_a_run_of_blocks_per_line() {
    let block = |key| Request { key, size: 512, place: Some(Place { file: 0, offset: key * 512 }) };
    let expected = vec![block(10), block(11), block(12), block(7)];
    assert_eq!(read(b"10 3 0 0\n99 0 0 1\n7 1 0 2\n").unwrap(), (Format::Lis, expected));
}

#[test]
fn oracle_is_a_record_per_request() {
    let bytes = records(&[(1 << 40, 4096, 2), (5, u32::MAX, -1), (1 << 40, 0, -2)]);
    let expected = vec![request(1 << 40, 4096), request(5, u64::from(u32::MAX)), request(1 << 40, 0)];
    assert_eq!(read(&bytes).unwrap(), (Format::Oracle, expected));
}

#[test]
fn compressed_they_are_the_same() {
    let text: String = (0..200_000_u64).map(|key| format!("{} {key}\n", key * 7919 % 10_007)).collect();
    let plain = read(text.as_bytes()).unwrap();
    assert_eq!(plain.1.len(), 200_000);
    let level = CompressionLevel::Fastest;
    assert_eq!(read(&compress_to_vec(text.as_bytes(), level)).unwrap(), plain);
    // Two frames, cut where a line is not at its end, and something to be skipped between them.
    let (front, back) = text.as_bytes().split_at(text.len() / 2 + 1);
    let skipped = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
    let frames = [compress_to_vec(front, level), skipped, compress_to_vec(back, level)].concat();
    assert_eq!(read(&frames).unwrap(), plain);
}

#[test]
fn a_broken_line_is_told_with_its_number() {
    assert_eq!(flaw(b"1\n2\nthree\n4\n"), ":3: \"three\" is not `key`, all of them whole numbers");
    assert_eq!(flaw(b"1 2\n\n3\n"), ":3: \"3\" is not `key size`, all of them whole numbers");
    assert_eq!(flaw(b"1 2\n1 -2\n"), ":2: \"1 -2\" is not `key size`, all of them whole numbers");
    assert!(flaw(b"1 1 0 0\n1 1 0 0 0\n").starts_with(":2: "));
    assert!(flaw(b"1 99999999999 0 0\n").contains("beyond all reason"));
    assert!(flaw(b"18446744073709551615 2 0 0\n").contains("beyond the last block"));
    let long = [b"1\n".to_vec(), vec![b'1'; 100_000]].concat();
    assert_eq!(flaw(&long), ":2: longer than 1024 bytes");
}

#[test]
fn a_truncated_record_is_told_with_its_number() {
    let bytes = records(&[(1, 1, -1), (2, 1, -1)]);
    assert_eq!(flaw(&bytes[..40]), ": record 2: cut off after 16 of 24 bytes");
    assert_eq!(flaw(&[0; 5]), ": record 1: cut off after 5 of 24 bytes");
}

#[test]
fn garbage_is_no_trace() {
    assert!(flaw(&records(&[(1, 1, 1), (2, 1, 1)])).starts_with(": record 2: comes again at 1"));
    let noise: Vec<u8> = (0..2400_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert!(flaw(&noise).contains("no oracleGeneral trace"));
    assert_eq!(flaw(b"<html>of three fields</html>\n"), ": of no format that is known; see --format");
    assert_eq!(flaw(b"a,b\n"), ":1: \"a,b\" is not `key`, all of them whole numbers");
}

#[test]
fn broken_compression_is_told() {
    let text: String = (0..50_000_u64).map(|key| format!("{}\n", key * key)).collect();
    let packed = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    assert!(flaw(&packed[..packed.len() / 2]).starts_with(": "), "cut off");
    let mut wrong = packed;
    let middle = wrong.len() / 2;
    wrong[middle..middle + 100].fill(0xa5);
    flaw(&wrong);
}

#[test]
fn what_is_no_file_is_refused() {
    let find = |path: &Path| Trace::find(path, None).unwrap_err().to_string();
    assert!(find(Path::new("/no/such/trace")).starts_with("/no/such/trace: No such file"));
    assert!(find(Path::new("/")).contains("no regular file"));
    assert!(flaw(b"").contains("the trace is empty"));
}

#[test]
fn a_format_that_is_given_is_not_guessed() {
    let file = file(b"1 2\n");
    let trace = Trace::find(file.path(), Some(Format::Ids)).unwrap();
    assert!(trace.requests().unwrap().next().unwrap().is_err());
}
