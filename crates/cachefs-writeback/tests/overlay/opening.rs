use std::sync::Arc;

use cachefs_testkit::{CallKind, Counts};
use cachefs_vfs::{Access, CreateHow, Mode, OpenHow, Opened, Owner, Privileges, RenameHow, SetAttr, VFile};

use crate::bench::{Bench, bytes, name};

const KEEP: Privileges = Privileges::Keep;

fn create(bench: &Bench, called: &str) -> Opened<Arc<dyn VFile>> {
    let open = OpenHow::new(Access::ReadWrite);
    let how = CreateHow { open, mode: Mode::new(0o600), exclusive: true };
    bench.root.create(name(called), how, &Owner::process()).unwrap()
}

/// What `act` costs at the backing.
fn cost(bench: &Bench, act: impl FnOnce()) -> Counts {
    let before = bench.counted.snapshot();
    act();
    bench.counted.snapshot().since(&before)
}

#[test]
fn the_first_write_to_a_new_file_asks_the_backing_nothing() {
    let bench = Bench::new();
    let counts = cost(&bench, || {
        let file = create(&bench, "f").handle;
        assert_eq!(file.write_at(b"abc", 0, KEEP).unwrap(), 3);
        assert_eq!(file.attr().unwrap().size, 3);
    });
    assert_eq!(counts.called(), [(CallKind::Create, 1)]);
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"abc");
}

/// Whatever we did to the file since, by any handle or name, is not taken for a change by others.
#[test]
fn what_we_changed_since_the_opening_is_asked_for() {
    let change = |bench: &Bench, file: &dyn VFile, other: &dyn VFile, how: usize| match how {
        0 => drop(other.set_attr(&SetAttr { mode: Some(Mode::new(0o640)), ..SetAttr::default() }).unwrap()),
        1 => drop(other.set_len(2, KEEP).unwrap()),
        2 => drop(bench.root.hard_link(name("f"), &*bench.root, name("g")).unwrap()),
        3 => bench.root.rename(name("f"), &*bench.root, name("g"), RenameHow::Replace).unwrap(),
        4 => {
            assert_eq!(other.write_at(b"x", 0, KEEP).unwrap(), 1);
            bench.settle();
        }
        _ => drop(file.set_attr(&SetAttr { mode: Some(Mode::new(0o600)), ..SetAttr::default() }).unwrap()),
    };
    for how in 0..6 {
        let bench = Bench::new();
        let file = create(&bench, "f").handle;
        let other = bench.root.open(name("f"), OpenHow::new(Access::Write)).unwrap().handle;
        change(&bench, &*file, &*other, how);
        let counts = cost(&bench, || assert_eq!(file.write_at(b"abc", 0, KEEP).unwrap(), 3));
        assert_eq!(counts.of(CallKind::Attr), 1, "change {how}: {:?}", counts.called());
        bench.settle();
        let at = if how == 3 { "g" } else { "f" };
        assert_eq!(bytes(&*bench.bare, at), b"abc", "change {how}");
    }
}

/// What others do to a file that they have, before it is first written to here, is no conflict with that.
#[test]
fn what_others_changed_since_the_opening_is_no_conflict() {
    let bench = Bench::new();
    drop(bench.dirty("f", b"abc"));
    bench.settle();
    let file = bench.root.open(name("f"), OpenHow::new(Access::Write)).unwrap().handle;
    let theirs = bench.bare.open(name("f"), OpenHow::new(Access::Write)).unwrap().handle;
    assert_eq!(theirs.write_at(b"xyz!", 0, KEEP).unwrap(), 4);
    assert_eq!(file.write_at(b"AB", 0, KEEP).unwrap(), 2);
    bench.settle();
    assert_eq!(bytes(&*bench.bare, "f"), b"ABz!");
}
