use cachefs_vfs::{FileKind, Mode, Time};

use super::*;

fn attr(inode: u64, kind: FileKind, links: u32) -> Attr {
    let time = Time::default();
    Attr {
        id: FileId { device: 5, inode, generation: 9 },
        kind,
        mode: Mode::new(0o644),
        links,
        uid: 0,
        gid: 0,
        device: 0,
        size: 0,
        blocks: 0,
        block_size: 4096,
        atime: time,
        mtime: time,
        ctime: time,
        btime: None,
        tag: 0,
    }
}

fn table() -> Inodes {
    Inodes::new(&attr(2, FileKind::Directory, 2), false)
}

fn names(inodes: &Inodes, node: NodeId) -> Vec<String> {
    inodes.links(node).iter().map(|l| String::from_utf8_lossy(&l.name).into_owned()).collect()
}

#[test]
fn a_hard_link_is_one_inode_with_several_names() {
    let inodes = table();
    let file = attr(12, FileKind::Regular, 2);
    let node = inodes.admit(&file, Some((NodeId::ROOT, b"a")), || false, || false).unwrap().node;
    assert_eq!(inodes.admit(&file, Some((NodeId::ROOT, b"b")), || false, || false).unwrap().node, node);
    assert_eq!(names(&inodes, node), ["b", "a"]);
    inodes.move_link(node, (NodeId::ROOT, b"b"), (NodeId(77), b"c"));
    assert_eq!(names(&inodes, node), ["c", "a"]);
    inodes.remove_link(node, NodeId(77), b"c");
    assert_eq!(names(&inodes, node), ["a"]);
    inodes.remove_link(node, NodeId::ROOT, b"a");
    assert!(names(&inodes, node).is_empty());
    assert!(!inodes.forget(node, 1));
    assert!(inodes.forget(node, 1), "the second of two references was the last");
    assert_eq!(inodes.len(), 1);
}

#[test]
fn a_renamed_file_found_elsewhere_has_one_name() {
    let inodes = table();
    let file = attr(12, FileKind::Regular, 1);
    let node = inodes.admit(&file, Some((NodeId::ROOT, b"a")), || false, || false).unwrap().node;
    inodes.admit(&file, Some((NodeId::ROOT, b"z")), || true, || false).unwrap();
    assert_eq!(names(&inodes, node), ["a"], "a look-up that raced with a rename proves nothing");
    inodes.admit(&file, Some((NodeId::ROOT, b"b")), || false, || false).unwrap();
    assert_eq!(names(&inodes, node), ["b"]);
}

#[test]
fn without_generations_a_reused_number_keeps_the_references_of_both() {
    let inodes = table();
    let mut file = attr(12, FileKind::Regular, 1);
    inodes.admit(&file, Some((NodeId::ROOT, b"a")), || false, || false).unwrap();
    file.kind = FileKind::Fifo;
    let again = inodes.admit(&file, Some((NodeId::ROOT, b"b")), || false, || false).unwrap();
    assert!(again.reused);
    assert_eq!(inodes.identity(again.node), Some(file.id));
    assert!(!inodes.forget(again.node, 1));
    assert!(inodes.forget(again.node, 1));
}

#[test]
fn pages_are_kept_only_of_the_version_seen_at_the_last_open() {
    let inodes = table();
    let node = inodes.admit(&attr(12, FileKind::Regular, 1), None, || false, || false).unwrap().node;
    assert_eq!(inodes.replace_kept(node, 42), 0);
    assert!(!inodes.shown(node, 42), "it is the one the kernel has");
    assert_eq!(inodes.replace_kept(node, 42), 42);
    assert!(inodes.shown(node, 43), "the kernel has pages of another one");
    assert!(!inodes.shown(node, 44), "it was told already");
    assert_eq!(inodes.replace_kept(node, 42), 0, "another version was shown in between");
}

#[test]
fn the_oldest_are_named_first_and_open_ones_never() {
    let inodes = table();
    for inode in 0..64_u64 {
        let name = format!("f{inode}");
        let file = attr(100 + inode * SHARDS as u64, FileKind::Regular, 1);
        let node =
            inodes.admit(&file, Some((NodeId::ROOT, name.as_bytes())), || false, || false).unwrap().node;
        if inode == 0 {
            inodes.opened(node);
        }
        inodes.lookups.fetch_add(1024, Ordering::Relaxed);
    }
    inodes.hand.store(100, Ordering::Relaxed);
    let mut found: Vec<_> =
        inodes.oldest(3).iter().map(|l| String::from_utf8_lossy(&l.name).into_owned()).collect();
    found.sort();
    assert_eq!(found, ["f1", "f2", "f3"]);
    inodes.hand.store(100, Ordering::Relaxed);
    assert!(inodes.oldest(3).iter().all(|l| *l.name != *b"f1"), "the next call names others");
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn a_million_inodes_take_at_most_200_bytes_each_beyond_their_names() {
    const COUNT: u64 = 1_000_000;
    let inodes = table();
    let before = resident();
    let mut names = 0;
    for inode in 0..COUNT {
        let name = format!("file-{inode:07}");
        names += name.len() as u64;
        inodes
            .admit(
                &attr(100 + inode, FileKind::Regular, 1),
                Some((NodeId::ROOT, name.as_bytes())),
                || false,
                || false,
            )
            .unwrap();
    }
    let each = (resident() - before - names) / COUNT;
    println!("{each} bytes per inode beyond its name");
    assert!(each <= 200, "{each} bytes per inode");
    assert_eq!(inodes.len(), COUNT + 1);
}

#[test]
fn a_file_does_not_get_a_number_that_the_kernel_still_uses_for_another() {
    let inodes = table();
    let (old, mut new) = (attr(12, FileKind::Regular, 1), attr(12, FileKind::Regular, 1));
    new.id.generation = 10;
    let admit = |file: &Attr, name: &'static [u8]| {
        inodes.admit(file, Some((NodeId::ROOT, name)), || false, || false).unwrap()
    };
    let first = admit(&old, b"a").node;
    let second = admit(&new, b"b");
    assert!(second.node != first && second.node.is_synthetic() && !second.reused);
    assert_eq!(admit(&new, b"b").node, second.node, "the same at every look-up");
    assert_eq!(admit(&old, b"a").node, first);
    assert_eq!((inodes.number(old.id), inodes.number(new.id)), (first, second.node));
    assert_eq!(inodes.identity(second.node), Some(new.id));
    assert_eq!(
        (names(&inodes, first), names(&inodes, second.node)),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
    let mut third = new;
    third.id.generation = 11;
    assert!(![first, second.node].contains(&inodes.number(third.id)), "a third user is neither");
    assert!(inodes.forget(first, 2));
    assert_eq!(inodes.number(new.id), second.node, "as long as the kernel knows it by that");
    assert!(inodes.forget(second.node, 2));
    assert_eq!(admit(&new, b"b").node, first, "and by its own after that");
    assert_eq!(inodes.len(), 2);
}

#[test]
fn pages_of_a_version_without_a_name_are_dropped_once_nobody_tells_of_changes() {
    let inodes = table();
    let file = attr(12, FileKind::Regular, 1);
    let node = inodes.admit(&file, Some((NodeId::ROOT, b"a")), || false, || false).unwrap().node;
    assert!(!inodes.shown_while_told(node, 42, false), "it was never opened");
    inodes.opened(node);
    inodes.replace_kept(node, ANY_PAGES);
    assert!(!inodes.shown_while_told(node, ANY_PAGES, true));
    assert!(inodes.shown_while_told(node, 43, false), "which it was nobody knows");
    assert!(!inodes.shown_while_told(node, 43, false), "it is the one the kernel has");
    assert!(!inodes.shown_while_told(node, 44, true), "the kernel was told");
    assert!(!inodes.shown_while_told(node, 44, false));
    inodes.released(node);
    assert!(inodes.shown_while_told(node, 45, false));
    assert!(!inodes.shown_while_told(node, 46, false), "and has none any more");
}
