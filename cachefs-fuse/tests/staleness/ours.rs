//! Files that nobody else has, written through the mount all the time: some of what it knows always waits to be
//! written back while others change what is beside it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use super::scene::Scene;

const FILES: usize = 20;
const BLOCKS: usize = 64;
const BLOCK: usize = 4096;
/// Enough that some always wait, and not all the time there is.
const PAUSE: Duration = Duration::from_millis(1);

/// Writes, reads back and compares until the load ends; then its files are gone.
pub(crate) fn write_our_own(scene: &Scene) {
    let _guard = scene.stop_on_panic();
    let directory = scene.mount.join("ours");
    fs::create_dir(&directory).unwrap();
    let mut last = [[0; BLOCKS]; FILES];
    let open = |number| {
        let path = directory.join(format!("f{number}"));
        File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
    };
    (0..FILES).for_each(|number| open(number).set_len((BLOCKS * BLOCK) as u64).unwrap());
    let mut round = 0;
    while scene.goes_on() {
        round += 1;
        let (number, block, byte) = (round % FILES, round * 7 % BLOCKS, u8::try_from(round % 251).unwrap());
        open(number).write_all_at(&[byte; BLOCK], (block * BLOCK) as u64).unwrap();
        last[number][block] = byte;
        let (number, block) = (round * 13 % FILES, round * 5 % BLOCKS);
        let mut bytes = [0; BLOCK];
        open(number).read_exact_at(&mut bytes, (block * BLOCK) as u64).unwrap();
        assert_eq!(bytes, [last[number][block]; BLOCK], "f{number}, block {block}, in round {round}");
        std::thread::sleep(PAUSE); // sleep: the pace of the load, nothing is waited for
    }
    fs::remove_dir_all(&directory).unwrap();
}
