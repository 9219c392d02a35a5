//! Truncations whose answers get lost.

use cachefs_testkit::{CallKind, Fault, Rule};
use cachefs_vfs::{Errno, Privileges, VFile};

use super::bench::{Bench, read, write};

fn lose_cut(b: &Bench, file: &dyn VFile, length: u64) {
    let lost = Rule::on(CallKind::SetLen).then(Fault::FailAfter(Errno::TIMEDOUT)).times(1);
    b.backing.add(lost);
    assert!(file.set_len(length, Privileges::Keep).is_err());
}

#[test]
fn what_is_appended_to_it_follows_on_what_is_left() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 100]);
    b.flush();
    write(&*file, b"b", 0);
    file.attr().unwrap();
    b.backing.add(Rule::on(CallKind::Attr).fail(Errno::TIMEDOUT));
    lose_cut(&b, &*file, 10);
    b.backing.release();
    file.append(b"z", Privileges::Keep).unwrap();
    assert_eq!(read(&*file), b"baaaaaaaaaz");
    b.flush();
    assert_eq!(b.beneath("f"), b"baaaaaaaaaz");
}

#[test]
fn dirty_bytes_behind_it_are_gone_too() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 100]);
    b.flush();
    write(&*file, b"b", 99);
    b.backing.add(Rule::on(CallKind::Attr).fail(Errno::TIMEDOUT));
    lose_cut(&b, &*file, 10);
    b.backing.release();
    assert_eq!(read(&*file), [b'a'; 10]);
    b.flush();
    assert_eq!(b.beneath("f"), [b'a'; 10]);
}

#[test]
fn after_a_flush_that_failed_it_is_known_by_the_length() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 1000]);
    b.flush();
    write(&*file, b"b", 999);
    b.backing.add(Rule::on(CallKind::Write).fail(Errno::IO).times(1));
    b.fs.flush_all(None, &mut |_| ());
    b.backing.release();
    lose_cut(&b, &*file, 10);
    assert_eq!(read(&*file), [b'a'; 10]);
    b.flush();
    assert_eq!(b.beneath("f"), [b'a'; 10]);
}

#[test]
fn one_that_was_refused_changes_nothing() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 1000]);
    b.flush();
    write(&*file, b"b", 999);
    for failing in [false, true] {
        if failing {
            b.backing.add(Rule::on(CallKind::Write).fail(Errno::IO).times(1));
            b.fs.flush_all(None, &mut |_| ());
            b.backing.release();
        }
        b.backing.add(Rule::on(CallKind::SetLen).fail(Errno::ROFS).times(1));
        assert!(file.set_len(10, Privileges::Keep).is_err());
        b.backing.release();
        let seen = read(&*file);
        assert_eq!((seen.len(), seen[999]), (1000, b'b'), "failing {failing}");
    }
}

#[test]
fn what_it_cut_off_does_not_come_back_when_the_file_is_made_longer() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 100]);
    b.flush();
    write(&*file, b"b", 0);
    b.backing.add(Rule::on(CallKind::Attr).fail(Errno::TIMEDOUT));
    b.backing.add(Rule::on(CallKind::SetLen).fail(Errno::TIMEDOUT).times(1));
    assert!(file.set_len(10, Privileges::Keep).is_err());
    b.backing.release();
    assert_eq!(read(&*file).len(), 10);
    file.set_len(20, Privileges::Keep).unwrap();
    assert_eq!(read(&*file), b"baaaaaaaaa\0\0\0\0\0\0\0\0\0\0");
}

#[test]
fn one_that_was_done_and_refused_is_known_also_where_the_handle_went_stale() {
    let b = Bench::new();
    let file = b.dirty("f", &[b'a'; 1000]);
    b.flush();
    write(&*file, b"b", 999);
    b.backing.add(Rule::on(CallKind::SetAttr).fail(Errno::STALE).times(1));
    assert!(b.fs.flush_path("f".as_ref()).is_err());
    b.backing.release();
    b.backing.add(Rule::on(CallKind::SetLen).then(Fault::FailAfter(Errno::ROFS)).times(1));
    assert!(file.set_len(10, Privileges::Keep).is_err());
    assert_eq!(read(&*file), [b'a'; 10]);
    b.flush();
    assert_eq!(b.beneath("f"), [b'a'; 10]);
}
