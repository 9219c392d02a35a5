//! Listings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::ControlFlow;

use cachefs_vfs::{Cookie, DirEntry, FileKind};

use super::Case;
use super::bench::{Bench, Folder, name};
use super::failure::{Failure, Outcome, ensure, same};

pub(super) const CASES: &[Case] = &[
    Case::new("an empty directory lists nothing", empty),
    Case::new("a listing gives names, kinds and inode numbers", all),
    Case::new("the entry a listing broke at is not taken", breaks),
    Case::new("a listing goes on from any of its places", resumes),
    Case::new("a listing survives the deletion of what it gave", deletion),
    Case::new("a listing gives what stays exactly once while others come and go", churn),
];

const MANY: usize = 500;

fn fill(dir: &Folder, prefix: &str) -> Outcome {
    for index in 0..MANY {
        dir.make(&format!("{prefix}{index}"))?;
    }
    Ok(())
}

fn empty(bench: &Bench<'_>) -> Outcome {
    same(bench.root.names()?.len(), 0)?;
    same(bench.root.sub("d")?.names()?.len(), 0)
}

fn all(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("f")?;
    root.sub("d")?;
    if bench.caps.symlinks {
        root.symlink(name("l"), std::path::Path::new("f"), &super::bench::owner())?;
    }
    let mut seen = BTreeMap::new();
    root.read_dir(Cookie::START, &mut |entry: DirEntry<'_>| {
        seen.insert(entry.name.as_os_str().to_owned(), (entry.inode, entry.kind, entry.attr.copied()));
        ControlFlow::Continue(())
    })?;
    same(seen.len(), if bench.caps.symlinks { 3 } else { 2 })?;
    for (listed, (inode, kind, attr)) in seen {
        let known = root.stat(cachefs_vfs::Name::new(&listed)?)?;
        same(inode, known.id.inode)?;
        same(kind.unwrap_or(known.kind), known.kind)?;
        same(attr.unwrap_or(known), known)?;
    }
    same(root.attr_of("d")?.kind, FileKind::Directory)
}

fn breaks(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    root.make("a")?;
    root.make("b")?;
    let (first, after) = root.some_names(Cookie::START, 1)?;
    let (rest, end) = root.some_names(after, usize::MAX)?;
    same((first.len(), rest.len()), (1, 1))?;
    ensure(first != rest, "one name twice")?;
    same(root.some_names(end, usize::MAX)?.0.len(), 0)?;
    same(root.some_names(Cookie::START, 0)?.0.len(), 0)
}

fn resumes(bench: &Bench<'_>) -> Outcome {
    fill(&bench.root, "f")?;
    let mut places = Vec::new();
    bench.root.read_dir(Cookie::START, &mut |entry: DirEntry<'_>| {
        places.push((entry.name.as_os_str().to_owned(), entry.next));
        ControlFlow::Continue(())
    })?;
    same(places.len(), MANY)?;
    for index in (0..MANY - 1).step_by(37) {
        let (next, _) = bench.root.some_names(places[index].1, 1)?;
        same(next.first(), Some(&places[index + 1].0))?;
    }
    Ok(())
}

fn count(seen: &mut BTreeMap<OsString, usize>, names: &[OsString]) {
    for name in names {
        *seen.entry(name.clone()).or_default() += 1;
    }
}

fn deletion(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    fill(root, "f")?;
    let mut seen = BTreeMap::new();
    let mut after = Cookie::START;
    loop {
        let (names, next) = root.some_names(after, 7)?;
        if names.is_empty() {
            break;
        }
        count(&mut seen, &names);
        for name in &names {
            root.delete(name.to_str().ok_or(Failure::new("a strange name"))?)?;
        }
        after = next;
    }
    ensure(seen.values().all(|times| *times == 1), "a name was listed twice")?;
    same(seen.len(), MANY)?;
    same(root.names()?.len(), 0)
}

fn churn(bench: &Bench<'_>) -> Outcome {
    let root = &bench.root;
    fill(root, "stay")?;
    fill(root, "go")?;
    let mut seen = BTreeMap::new();
    let mut after = Cookie::START;
    for round in 0.. {
        let (names, next) = root.some_names(after, 11)?;
        if names.is_empty() {
            break;
        }
        count(&mut seen, &names);
        after = next;
        if round < MANY {
            root.delete(&format!("go{round}"))?;
            root.make(&format!("come{round}"))?;
        }
        ensure(round < 10 * MANY, "the listing does not end")?;
    }
    for index in 0..MANY {
        same(seen.get(&OsString::from(format!("stay{index}"))), Some(&1))?;
    }
    Ok(())
}
