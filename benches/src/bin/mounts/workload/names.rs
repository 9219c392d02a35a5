use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, openat, statat};
use rustix::io::Errno;

use super::Scene;
use super::meter::{Pace, Sample, once, repeat};
use crate::Result;
use crate::tree::LISTING;

/// What the C library's `readdir` asks for at a time, in bytes.
const LIST_BUFFER: usize = 32 << 10;

fn stat_one(scene: &Scene<'_>, name: &CStr) -> Result<()> {
    statat(scene.dir, name, AtFlags::empty())?;
    Ok(())
}

fn miss_one(scene: &Scene<'_>, name: &CStr) -> Result<()> {
    match statat(scene.dir, name, AtFlags::empty()) {
        Err(Errno::NOENT) => Ok(()),
        other => Err(format!("a missing name is there: {other:?}").into()),
    }
}

fn stats(scene: &Scene<'_>, names: &[CString], one: fn(&Scene<'_>, &CStr) -> Result<()>) -> Result<Sample> {
    repeat(scene.time, Pace::Quick, |number| one(scene, &names[number % names.len()]))
}

pub(super) fn stat(scene: &Scene<'_>) -> Result<Sample> {
    stats(scene, &scene.tree.files, stat_one)
}

pub(super) fn stat_pass(scene: &Scene<'_>) -> Result<Sample> {
    once(scene.tree.files.len(), |number| stat_one(scene, &scene.tree.files[number]))
}

pub(super) fn missing(scene: &Scene<'_>) -> Result<Sample> {
    stats(scene, &scene.tree.missing, miss_one)
}

pub(super) fn missing_pass(scene: &Scene<'_>) -> Result<Sample> {
    once(scene.tree.missing.len(), |number| miss_one(scene, &scene.tree.missing[number]))
}

pub(super) fn first_stat(scene: &Scene<'_>) -> Result<Sample> {
    once(scene.tree.looked.len(), |number| stat_one(scene, &scene.tree.looked[number]))
}

pub(super) fn open_directory(scene: &Scene<'_>, name: &CStr) -> Result<OwnedFd> {
    Ok(openat(scene.dir, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Calls back for each name of the directory but `.` and `..`.
pub(super) fn each_name(directory: &OwnedFd, mut each: impl FnMut(&CStr) -> Result<()>) -> Result<()> {
    let mut buffer = vec![MaybeUninit::uninit(); LIST_BUFFER];
    let mut list = RawDir::new(directory, &mut buffer);
    while let Some(entry) = list.next() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            each(entry.file_name())?;
        }
    }
    Ok(())
}

/// Lists the flat directory and asks for the attributes of each name.
fn scan_once(scene: &Scene<'_>) -> Result<()> {
    let directory = open_directory(scene, &CString::new(LISTING)?)?;
    let mut seen = 0;
    each_name(&directory, |name| {
        statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        seen += 1;
        Ok(())
    })?;
    let there = scene.tree.sizes.names;
    if seen == there { Ok(()) } else { Err(format!("{seen} names listed, {there} are there").into()) }
}

/// One operation is one name.
fn per_name(scene: &Scene<'_>, passes: Sample) -> Sample {
    Sample { ops: passes.ops * scene.tree.sizes.names as u64, ..passes }
}

pub(super) fn scan(scene: &Scene<'_>) -> Result<Sample> {
    Ok(per_name(scene, repeat(scene.time, Pace::Slow, |_| scan_once(scene))?))
}

pub(super) fn scan_twice(scene: &Scene<'_>) -> Result<Sample> {
    Ok(per_name(scene, once(2, |_| scan_once(scene))?))
}

pub(super) fn first_scan(scene: &Scene<'_>) -> Result<Sample> {
    Ok(per_name(scene, once(1, |_| scan_once(scene))?))
}
