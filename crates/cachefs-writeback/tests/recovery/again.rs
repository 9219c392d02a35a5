use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cachefs_testkit::{Fault, FaultFs, Rule};
use cachefs_vfs::{Access, OpenHow, Privileges, Vfs, VfsExt};
use cachefs_writeback::WriteBack;

use crate::world::{World, flush};

/// More than any replay of this file takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A world with some of everything, killed: dirty, changed by others, removed by others, removed by us.
fn killed() -> World {
    let world = World::new();
    for name in ["dirty", "changed", "removed"] {
        world.backing.write(name, b"0123456789").unwrap();
    }
    let fs = world.open_quietly();
    for name in ["dirty", "changed", "removed"] {
        let file = fs.open(name, OpenHow::new(Access::ReadWrite)).unwrap();
        file.write_at(b"abc", 2, Privileges::Keep).unwrap();
    }
    fs.write("ours", b"no more").unwrap();
    fs.remove_file("ours").unwrap();
    let world = world.kill();
    world.backing.write("changed", b"theirs").unwrap();
    world.backing.remove_file("removed").unwrap();
    world
}

/// Kills the replay at its `n`-th call of the backing, or of the journal. `None` if it has not so many.
fn killed_at(n: u64, of_journal: bool) -> Option<World> {
    let world = killed();
    let backing = Arc::new(FaultFs::new(Arc::clone(&world.backing) as Arc<dyn Vfs>));
    let state = Arc::new(FaultFs::new(Arc::clone(&world.state) as Arc<dyn Vfs>));
    let faulty = if of_journal { &state } else { &backing };
    let rule = faulty.add(Rule::any().nth(n).then(Fault::Hang)).release_on_drop();
    let replay = {
        let (backing, state, setup) = (Arc::clone(&backing), Arc::clone(&state), world.setup());
        thread::spawn(move || {
            let opened = state.root().map(|dir| WriteBack::open(backing, dir, setup));
            matches!(opened, Ok(Ok(_)))
        })
    };
    while !rule.wait_waiting(1, Duration::from_millis(1)) {
        if replay.is_finished() {
            assert!(replay.join().unwrap());
            return None;
        }
    }
    let world = world.kill();
    rule.release();
    drop(replay.join());
    Some(world)
}

fn check(world: &World, n: u64) {
    let (fs, replayed) = world.open();
    assert!(replayed.waiting.is_empty() && replayed.damaged.is_empty(), "killed at {n}: {replayed:?}");
    assert_eq!(fs.read("dirty").unwrap(), b"01abc56789", "killed at {n}");
    flush(&fs);
    assert_eq!(world.backing.read("dirty").unwrap(), b"01abc56789", "killed at {n}");
    assert_eq!(world.backing.read("changed").unwrap(), b"theirs", "killed at {n}");
    assert!(!world.backing.exists("removed").unwrap() && !world.backing.exists("ours").unwrap());
    for (name, expected) in [("changed", &b"thabcs"[..]), ("removed", b"\0\0abc")] {
        let copies: Vec<_> =
            world.beside().into_iter().filter(|(path, _)| path.to_string_lossy().starts_with(name)).collect();
        assert!(copies.iter().any(|(_, bytes)| bytes == expected), "killed at {n}: {copies:?}");
        assert!(copies.len() <= 2, "a copy that was cut short, and the whole one: {copies:?}");
    }
}

fn kill_everywhere(of_journal: bool) {
    let deadline = std::time::Instant::now() + PATIENCE * 10;
    for n in 1.. {
        assert!(std::time::Instant::now() < deadline, "a replay of {n} calls");
        let Some(world) = killed_at(n, of_journal) else {
            assert!(n > 10, "{n} calls are too few to have done anything");
            return;
        };
        check(&world, n);
    }
}

#[test]
fn a_replay_killed_at_any_call_of_the_backing_is_done_again() {
    kill_everywhere(false);
}

#[test]
fn a_replay_killed_at_any_call_of_the_journal_is_done_again() {
    kill_everywhere(true);
}
