use std::sync::Barrier;
use std::thread;

use cachefs_vfs::{Object, Privileges, Vfs};

use crate::bench::{Bench, read};

const ROUNDS: u32 = 6000;

/// Whoever finds a nameless file by its identity as its last handle goes gets it with its dirty bytes, or not at all.
#[test]
fn a_nameless_file_is_found_with_its_dirty_bytes_or_is_gone() {
    let bench = Bench::new();
    for round in 0..ROUNDS {
        let file = bench.dirty("f", b"base");
        bench.flush();
        assert_eq!(file.write_at(b"late", 0, Privileges::Keep).unwrap(), 4);
        let id = file.attr().unwrap().id;
        bench.remove("f");
        let start = Barrier::new(2);
        let spin = |turns: u32| (0..turns).for_each(|_| std::hint::spin_loop());
        let found = thread::scope(|scope| {
            let finder = scope.spawn(|| {
                start.wait();
                spin(round % 200);
                bench.fs.open_id(id).ok()
            });
            start.wait();
            spin(round / 200 % 200);
            drop(file);
            finder.join().unwrap()
        });
        if let Some(Object::File(file)) = found.map(|found| found.handle) {
            assert_eq!(read(&*file), b"late", "round {round}");
        }
    }
}
