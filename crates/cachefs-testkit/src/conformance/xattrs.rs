//! Extended attributes.

use std::ffi::OsStr;

use cachefs_vfs::{Access, Errno, VNode, XattrHow};

use super::Case;
use super::bench::Bench;
use super::failure::{Outcome, fails, fails_with, same};

pub(super) const CASES: &[Case] = &[
    Case::needing("an xattr is set, read, listed, removed", |caps| caps.xattrs, round),
    Case::needing("xattrs are those of the file, not of its handle or name", |caps| caps.xattrs, of_the_file),
    Case::needing("setting an xattr may insist on its being new or old", |caps| caps.xattrs, insist),
    Case::needing("values may be empty and any bytes", |caps| caps.xattrs, odd_values),
    Case::needing("oversized xattrs are refused", |caps| caps.xattrs, oversized),
];

fn key(key: &str) -> &OsStr {
    OsStr::new(key)
}

fn user_keys<N: VNode + ?Sized>(node: &N) -> Outcome<Vec<String>> {
    let mut keys: Vec<_> = node.xattrs()?.iter().map(|key| key.to_string_lossy().into_owned()).collect();
    keys.retain(|key| key.starts_with("user."));
    keys.sort();
    Ok(keys)
}

fn round_on<N: VNode + ?Sized>(node: &N) -> Outcome {
    fails(node.xattr(key("user.a")), Errno::NODATA)?;
    fails(node.remove_xattr(key("user.a")), Errno::NODATA)?;
    node.set_xattr(key("user.a"), b"one", XattrHow::Set)?;
    node.set_xattr(key("user.b"), b"two", XattrHow::Set)?;
    same(node.xattr(key("user.a"))?, b"one".to_vec())?;
    node.set_xattr(key("user.a"), b"longer than before", XattrHow::Set)?;
    same(node.xattr(key("user.a"))?, b"longer than before".to_vec())?;
    same(user_keys(node)?, vec!["user.a".to_owned(), "user.b".to_owned()])?;
    node.remove_xattr(key("user.a"))?;
    fails(node.xattr(key("user.a")), Errno::NODATA)?;
    same(user_keys(node)?, vec!["user.b".to_owned()])
}

fn round(bench: &Bench<'_>) -> Outcome {
    round_on(&*bench.root.make("f")?)?;
    round_on(&*bench.root.sub("d")?)?;
    bench.root.make("g")?;
    round_on(&*bench.root.opened("g", Access::Path)?)
}

fn of_the_file(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    let other = bench.root.opened("f", Access::Read)?;
    file.set_xattr(key("user.a"), b"x", XattrHow::Set)?;
    same(other.xattr(key("user.a"))?, b"x".to_vec())?;
    bench.root.mv("f", "g", cachefs_vfs::RenameHow::Replace)?;
    let new = bench.root.make("f")?;
    fails(new.xattr(key("user.a")), Errno::NODATA)?;
    same(bench.root.opened("g", Access::Path)?.xattr(key("user.a"))?, b"x".to_vec())
}

fn insist(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    fails(file.set_xattr(key("user.a"), b"x", XattrHow::Replace), Errno::NODATA)?;
    file.set_xattr(key("user.a"), b"x", XattrHow::Create)?;
    fails(file.set_xattr(key("user.a"), b"y", XattrHow::Create), Errno::EXIST)?;
    file.set_xattr(key("user.a"), b"z", XattrHow::Replace)?;
    same(file.xattr(key("user.a"))?, b"z".to_vec())
}

fn odd_values(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    for value in [&b""[..], &[0, 255, 10], &[7; 1000]] {
        file.set_xattr(key("user.a"), value, XattrHow::Set)?;
        same(file.xattr(key("user.a"))?, value.to_vec())?;
    }
    Ok(())
}

fn oversized(bench: &Bench<'_>) -> Outcome {
    let file = bench.root.make("f")?;
    let too_big = vec![1; (64 << 10) + 1];
    let refused = file.set_xattr(key("user.a"), &too_big, XattrHow::Set);
    fails_with(refused, &[Errno::TOOBIG, Errno::RANGE, Errno::NOSPC])?;
    let long = format!("user.{}", "x".repeat(255));
    fails(file.set_xattr(key(&long), b"x", XattrHow::Set), Errno::RANGE)?;
    fails(file.xattr(key("user.a")), Errno::NODATA)
}
