mod append;
mod commit;
mod cost;
mod damage;
mod fault;
mod full;
mod reclaim;
mod told;

use cachefs_testkit::SplitMix64;
use cachefs_vfs::{Access, Cookie, LocalFs, MemFs, Name, OpenHow, Privileges, Time, VDir, VFile, Vfs};

use super::scan::LostBytes;
use super::*;

const NO: FileNo = FileNo(7);

fn setup() -> Setup {
    Setup { segment_size: 8192, bytes_max: 1 << 20, source: SourceId([1; 32]), boot: BootId([2; 16]) }
}

fn mem() -> Arc<dyn VDir> {
    MemFs::new().root().unwrap()
}

/// A directory of memory and one of the disk.
fn each(test: impl Fn(Arc<dyn VDir>)) {
    test(mem());
    let temp = tempfile::tempdir().unwrap();
    test(LocalFs::open(temp.path()).unwrap().root().unwrap());
}

fn open(dir: &Arc<dyn VDir>) -> (Journal, Scan) {
    Journal::open(Arc::clone(dir), setup()).unwrap()
}

fn data(offset: u64) -> Entry {
    Entry::Data { no: NO, offset, mtime: Time { seconds: 5, nanos: 6 } }
}

/// Bytes that differ with `seed`.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SplitMix64::new(seed).fill(&mut bytes);
    bytes
}

fn payload(record: &Record) -> Vec<u8> {
    let mut buffer = vec![0; usize::try_from(record.payload_len()).unwrap()];
    record.read(0, &mut buffer).unwrap();
    buffer
}

fn names(dir: &Arc<dyn VDir>) -> Vec<String> {
    let mut names = Vec::new();
    let mut sink = |entry: cachefs_vfs::DirEntry<'_>| {
        names.push(entry.name.to_string());
        std::ops::ControlFlow::Continue(())
    };
    dir.read_dir(Cookie::START, &mut sink).unwrap();
    names.sort();
    names
}

fn file(dir: &Arc<dyn VDir>, name: &str) -> Arc<dyn VFile> {
    dir.open(Name::new(name).unwrap(), OpenHow::new(Access::ReadWrite)).unwrap().handle
}

fn contents(dir: &Arc<dyn VDir>, name: &str) -> Vec<u8> {
    let file = file(dir, name);
    let mut bytes = vec![0; usize::try_from(file.attr().unwrap().size).unwrap()];
    let read = file.read_at(&mut bytes, 0).unwrap();
    assert_eq!(read, bytes.len());
    bytes
}

/// Replaces the bytes of a file.
fn put(dir: &Arc<dyn VDir>, name: &str, bytes: &[u8]) {
    let file = file(dir, name);
    file.set_len(0, Privileges::Keep).unwrap();
    file.write_at(bytes, 0, Privileges::Keep).unwrap();
}

/// Where in the segment's file the record begins.
fn start(record: &Record, entry: &Entry) -> usize {
    let front = wire::HEADER + postcard::to_stdvec(entry).unwrap().len();
    usize::try_from(record.payload).unwrap() - front
}
