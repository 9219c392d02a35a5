//! Writers, readers and flushes at the same time: everybody sees what he wrote, and nobody's bytes at another's place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachefs_testkit::SplitMix64;
use cachefs_vfs::VfsExt;
use cachefs_writeback::Config;

use super::desk::{Desk, by_hand, write};

/// Each writer has every fourth of these records of the file for itself; they lie across blocks.
const RECORD: usize = 3_000;
const WRITERS: usize = 4;
const RECORDS: usize = 100;
const TIME: Duration = Duration::from_secs(2);

/// The tag is the writer's; every byte of a record is `tag | round`.
fn tag(writer: usize) -> u8 {
    u8::try_from(writer + 1).unwrap() << 4
}

fn write_and_read_back(desk: &Desk, writer: usize, stop: &AtomicBool) -> Vec<u8> {
    let (file, mut dice) = (desk.open("f"), SplitMix64::new(writer as u64));
    let (mut rounds, mut buffer) = (vec![0; RECORDS], vec![0; RECORD]);
    while !stop.load(Ordering::Relaxed) {
        let at = usize::try_from(dice.below(RECORDS as u64)).unwrap();
        let offset = ((at * WRITERS + writer) * RECORD) as u64;
        rounds[at] = (rounds[at] + 1) % 16;
        write(&*file, &vec![tag(writer) | rounds[at]; RECORD], offset);
        assert_eq!(file.read_at(&mut buffer, offset).unwrap(), RECORD);
        assert!(buffer.iter().all(|byte| *byte == tag(writer) | rounds[at]), "what was just written");
    }
    rounds
}

/// Whatever the round, it is of the writer whose place it is.
fn look(desk: &Desk, stop: &AtomicBool) {
    let (file, mut dice) = (desk.open("f"), SplitMix64::new(77));
    let mut buffer = vec![0; RECORD];
    while !stop.load(Ordering::Relaxed) {
        let at = usize::try_from(dice.below((RECORDS * WRITERS) as u64)).unwrap();
        let count = file.read_at(&mut buffer, (at * RECORD) as u64).unwrap();
        let expected = tag(at % WRITERS);
        let foreign = buffer[..count].iter().find(|byte| **byte != 0 && **byte & 0xF0 != expected);
        assert_eq!(foreign, None, "in the place of {expected:x}");
    }
}

fn disturb(desk: &Desk, stop: &AtomicBool) {
    let mut dice = SplitMix64::new(88);
    while !stop.load(Ordering::Relaxed) {
        match dice.below(4) {
            0 => desk.cache.clear(),
            1 => desk.write_back.flush_path("f".as_ref()).unwrap(),
            2 => desk.expire(),
            _ => thread::yield_now(),
        }
    }
}

#[test]
fn writers_and_readers_at_the_same_time_see_no_wrong_bytes() {
    let config = Config { flushers: 2, flush_after: Duration::from_millis(1), ..by_hand() };
    let desk = Desk::with(config, |cache| cache.memory(1 << 20));
    desk.cache.write("f", b"").unwrap();
    let stop = AtomicBool::new(false);
    let rounds: Vec<Vec<u8>> = thread::scope(|scope| {
        let (desk, stop) = (&desk, &stop);
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write_and_read_back(desk, writer, stop))).collect();
        let others = [scope.spawn(move || look(desk, stop)), scope.spawn(move || disturb(desk, stop))];
        let deadline = Instant::now() + TIME;
        // Who fails ends it.
        while Instant::now() < deadline
            && !writers.iter().chain([]).any(thread::ScopedJoinHandle::is_finished)
        {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        others.into_iter().for_each(|other| other.join().unwrap());
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    desk.flush();
    let (shown, flushed) = (desk.cache.read("f").unwrap(), desk.backing.read("f").unwrap());
    assert!(shown == flushed);
    for (writer, rounds) in rounds.iter().enumerate() {
        for (at, round) in rounds.iter().enumerate().filter(|(_, round)| **round > 0) {
            let record = &flushed[(at * WRITERS + writer) * RECORD..][..RECORD];
            assert!(record.iter().all(|byte| *byte == tag(writer) | round), "record {at} of {writer}");
        }
    }
    println!("{} flushes", desk.write_back.status().flushes);
}
