//! What each contender asks of its backing: a comparison is fair only if each does what its name says.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use std::sync::Arc;

use cachefs_benches::{Cached, Contender, CorFs, NAME, Raw, backing};
use cachefs_testkit::{CallKind, CountFs, FaultFs, Rule};
use cachefs_vfs::{Errno, MemFs, Name, Vfs};

const SIZE: usize = 4096;

fn counted() -> Arc<CountFs> {
    Arc::new(CountFs::new(backing(SIZE).unwrap()))
}

/// Reads the file `times` times, and answers how many opens and reads the backing saw.
fn calls(count: &CountFs, contender: &dyn Contender, times: usize) -> (u64, u64) {
    let before = count.snapshot();
    for _ in 0..times {
        let mut buffer = vec![0; SIZE];
        assert_eq!(contender.read(Name::new(NAME).unwrap(), &mut buffer).unwrap(), SIZE);
        assert_eq!(buffer[250], 250);
    }
    let seen = count.snapshot().since(&before);
    (seen.of(CallKind::Open), seen.of(CallKind::Read) + seen.of(CallKind::ReadMany))
}

#[test]
fn corfs_reads_its_primary_each_time() {
    let count = counted();
    let corfs = CorFs::new(&*count, &MemFs::new()).unwrap();
    assert_eq!(calls(&count, &corfs, 10), (10, 10));
}

#[test]
fn raw_is_the_backing() {
    let count = counted();
    assert_eq!(calls(&count, &Raw::new(&*count).unwrap(), 10), (10, 10));
}

#[test]
fn cachefs_reads_its_backing_once() {
    let count = counted();
    let cached = Cached::new(Arc::clone(&count) as Arc<dyn Vfs>).unwrap();
    assert_eq!(calls(&count, &cached, 1).1, 1);
    assert_eq!(calls(&count, &cached, 10), (0, 0));
    cached.forget(Name::new(NAME).unwrap()).unwrap();
    assert_eq!(calls(&count, &cached, 1).1, 1, "a forgotten file is a miss");
}

#[test]
fn corfs_serves_its_copy_when_the_primary_fails() {
    let primary = FaultFs::new(backing(SIZE).unwrap());
    let corfs = CorFs::new(&primary, &MemFs::new()).unwrap();
    let name = Name::new(NAME).unwrap();
    let rule = || Rule::on(CallKind::Open).fail(Errno::IO);
    let broken = primary.add(rule());
    assert_eq!(corfs.read(name, &mut [0; SIZE]).unwrap_err().errno(), Errno::IO, "nothing copied yet");
    broken.release();
    assert_eq!(corfs.read(name, &mut [0; SIZE]).unwrap(), SIZE);
    primary.add(rule());
    let mut buffer = [0; SIZE];
    assert_eq!(corfs.read(name, &mut buffer).unwrap(), SIZE);
    assert_eq!(buffer[250], 250);
}
