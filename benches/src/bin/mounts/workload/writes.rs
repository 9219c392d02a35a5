use std::ffi::CString;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::{pwrite, write};

use super::Scene;
use super::meter::{Pace, Sample, once, repeat};
use crate::Result;
use crate::tree::{CHUNK, SCRATCH, SMALL, TARGET};

/// Names that are made and removed in turn.
const CYCLE: usize = 1000;
/// Files made in one measurement, at most.
const MADE_MAX: usize = 20_000;
/// Of files that are made.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// Writes over the large file, front to back and over again, `size` bytes at a time.
fn over(scene: &Scene<'_>, size: usize, pace: Pace) -> Result<Sample> {
    let file = target(scene)?;
    let (bytes, places) = (vec![7; size], scene.tree.sizes.big / size);
    repeat(scene.time, pace, |number| wrote(pwrite(&file, &bytes, (number % places * size) as u64)?, size))
}

fn target(scene: &Scene<'_>) -> Result<OwnedFd> {
    let name = CString::new(format!("{SCRATCH}/{TARGET}"))?;
    Ok(openat(scene.dir, &name, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn wrote(count: usize, asked: usize) -> Result<()> {
    if count == asked { Ok(()) } else { Err(format!("{count} of {asked} bytes written").into()) }
}

/// Over a file of which [`written_over`] left the pages with whoever serves it.
pub(super) fn chunks(scene: &Scene<'_>) -> Result<Sample> {
    over(scene, CHUNK, Pace::Slow)
}

/// Writes over all of the large file once.
pub(super) fn written_over(scene: &Scene<'_>) -> Result<Sample> {
    let (file, bytes) = (target(scene)?, vec![7; CHUNK]);
    once(scene.tree.sizes.big / CHUNK, |number| chunk(&file, &bytes, number))
}

/// Into new files, each as long as the large one at most and removed before the next one. Only the writing is measured.
pub(super) fn new_chunks(scene: &Scene<'_>) -> Result<Sample> {
    let (names, chunks) = (new_names(scene, MADE_MAX)?, scene.tree.sizes.big / CHUNK);
    let (mut sample, bytes) = (Sample::default(), vec![7; CHUNK]);
    for name in &names {
        let file = create(scene, name)?;
        for number in 0..chunks {
            if sample.elapsed >= scene.time {
                return Ok(sample);
            }
            sample = sample.and(once(1, |_| chunk(&file, &bytes, number))?);
        }
        drop(file);
        unlinkat(scene.dir, name, AtFlags::empty())?;
    }
    Ok(sample)
}

fn chunk(file: &OwnedFd, bytes: &[u8], number: usize) -> Result<()> {
    wrote(pwrite(file, bytes, (number * CHUNK) as u64)?, CHUNK)
}

pub(super) fn pages(scene: &Scene<'_>) -> Result<Sample> {
    over(scene, SMALL, Pace::Quick)
}

/// Names in a new directory, made through the contender.
fn new_names(scene: &Scene<'_>, count: usize) -> Result<Vec<CString>> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let home = format!("{SCRATCH}/run{}", RUNS.fetch_add(1, Ordering::Relaxed));
    mkdirat(scene.dir, CString::new(home.as_str())?, Mode::from_raw_mode(0o755))?;
    let name = |number| CString::new(format!("{home}/n{number:05}"));
    Ok((0..count).map(name).collect::<Result<_, _>>()?)
}

fn create(scene: &Scene<'_>, name: &CString) -> Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(openat(scene.dir, name, flags, FILE_MODE)?)
}

pub(super) fn create_unlink(scene: &Scene<'_>) -> Result<Sample> {
    let names = new_names(scene, CYCLE)?;
    repeat(scene.time, Pace::Quick, |number| {
        let name = &names[number % CYCLE];
        drop(create(scene, name)?);
        Ok(unlinkat(scene.dir, name, AtFlags::empty())?)
    })
}

/// The files stay; they are swept natively, once nobody is measured.
pub(super) fn create_write(scene: &Scene<'_>) -> Result<Sample> {
    let (names, bytes) = (new_names(scene, MADE_MAX)?, [7; SMALL]);
    let mut made = names.iter();
    let mut sample = Sample::default();
    while sample.elapsed < scene.time && made.len() > 0 {
        let few: Vec<&CString> = made.by_ref().take(64).collect();
        let more = once(few.len(), |number| wrote(write(&create(scene, few[number])?, &bytes)?, SMALL))?;
        sample = sample.and(more);
    }
    Ok(sample)
}
