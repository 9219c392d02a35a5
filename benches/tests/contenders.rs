//! Every contender does every workload once, over every backing, and has the right bytes afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

use cachefs_benches::suite::{Stage, WORKLOADS};
use cachefs_benches::{Backing, Meter, Round, Scale, blocks, content, limits};
use cachefs_vfs::Name;

/// Reads each file in each way.
fn check(stage: &Stage, what: &str) {
    let size = stage.files.size;
    for (number, file) in stage.laid.names.iter().enumerate() {
        let (name, expected) = (Name::new(file).unwrap(), content(number, size));
        let mut whole = vec![0; size];
        assert_eq!(stage.contender.read(name, &mut whole).unwrap(), size, "{what}, {file}");
        assert!(whole == expected, "{what}, {file}: other bytes");
        whole.fill(0);
        assert_eq!(stage.contender.read_steps(name, size / 3, &mut whole).unwrap(), size, "{what}, {file}");
        assert!(whole == expected, "{what}, {file}: other bytes in steps");
        let (place, mut part) = (size / 2, [0; 7]);
        stage.contender.read_places(name, &[0, place as u64], &mut part).unwrap();
        assert_eq!(part, expected[place..place + part.len()], "{what}, {file}: other bytes at a place");
        assert_eq!(stage.contender.size(name).unwrap(), size as u64, "{what}, {file}");
    }
}

#[test]
fn every_contender_has_the_right_bytes_after_every_workload() {
    for backing in Backing::ALL {
        for workload in &WORKLOADS {
            for &who in workload.contenders {
                let what = format!("{}, {}, {}", backing.name(), workload.name, who.name());
                let mut stage = workload.stage(who, backing, &Scale::TINY, false).unwrap();
                let mut meter = Meter::timing(Scale::TINY.slice);
                (workload.work)(&mut stage, &mut meter).unwrap();
                assert!(meter.took.ops > 0 && meter.took.nanos > 0.0, "{what}");
                check(&stage, &what);
            }
        }
    }
}

#[test]
fn what_is_written_is_read_by_every_contender() {
    let workload = WORKLOADS.iter().find(|workload| workload.name == "write 1 KiB").unwrap();
    for backing in Backing::ALL {
        for &who in workload.contenders {
            let stage = workload.stage(who, backing, &Scale::TINY, false).unwrap();
            let (name, new) = (stage.name(0).unwrap(), content(100, stage.files.size));
            stage.contender.write(name, &new).unwrap();
            let mut buffer = vec![0; new.len()];
            stage.contender.read(name, &mut buffer).unwrap();
            assert!(buffer == new, "{}, {}", backing.name(), who.name());
            stage.contender.write(name, &[0; 10]).unwrap();
            stage.contender.read(name, &mut buffer).unwrap();
            assert!(buffer[..10] == [0; 10] && buffer[10..] == new[10..], "{}: a part", who.name());
        }
    }
}

#[test]
fn stores_of_blocks_have_the_bytes_of_each_block() {
    for (name, build) in blocks::OURS {
        let store = build(100).unwrap();
        let mut buffer = vec![0; blocks::BLOCK];
        for number in 0..100 {
            assert!(store.get(number, &mut buffer) && buffer == content(number, blocks::BLOCK), "{name}");
        }
    }
}

#[test]
fn what_is_known_costs_no_allocation_by_handle() {
    let mut round = Round::default();
    limits::run(&mut round, &Scale::TINY).unwrap();
    blocks::run(&mut round, &blocks::OURS, &Scale::TINY).unwrap();
    let known = |group: &str| [limits::HITS, limits::POLICIES, blocks::SKEWS[0].0].contains(&group);
    let known: Vec<_> = round.samples.iter().filter(|sample| known(&sample.group)).collect();
    assert!(known.len() > 10);
    for sample in known {
        assert_eq!(sample.allocations.map(f64::floor), Some(0.0), "{sample:?}");
    }
}
