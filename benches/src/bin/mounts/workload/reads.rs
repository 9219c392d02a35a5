use std::ffi::{CStr, CString};
use std::thread;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{pread, read};

use super::Scene;
use super::meter::{Pace, Sample, once, repeat};
use super::names::{each_name, open_directory};
use super::random::Random;
use crate::Result;
use crate::tree::{BIG, CHUNK, SMALL};

fn open(dir: impl AsFd, name: &CStr) -> Result<OwnedFd> {
    Ok(openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens a small file, reads all of it, closes it.
fn small(dir: impl AsFd, name: &CStr, buffer: &mut [u8; SMALL]) -> Result<()> {
    let file = open(dir, name)?;
    full(read(&file, buffer)?, SMALL)
}

fn full(count: usize, asked: usize) -> Result<()> {
    if count == asked { Ok(()) } else { Err(format!("{count} bytes read, {asked} are there").into()) }
}

pub(super) fn small_files(scene: &Scene<'_>) -> Result<Sample> {
    let (names, mut buffer) = (&scene.tree.files, [0; SMALL]);
    repeat(scene.time, Pace::Quick, |number| small(scene.dir, &names[number % names.len()], &mut buffer))
}

pub(super) fn small_files_pass(scene: &Scene<'_>) -> Result<Sample> {
    let (names, mut buffer) = (&scene.tree.files, [0; SMALL]);
    once(names.len(), |number| small(scene.dir, &names[number], &mut buffer))
}

/// As `grep -r` goes: lists each directory, then reads its files. One operation is one file.
pub(super) fn first_walk(scene: &Scene<'_>) -> Result<Sample> {
    let (directories, mut buffer, mut files) = (&scene.tree.walked, [0; SMALL], 0);
    let sample = once(directories.len(), |number| {
        let directory = open_directory(scene, &directories[number])?;
        each_name(&directory, |name| {
            files += 1;
            small(&directory, name, &mut buffer)
        })
    })?;
    Ok(Sample { ops: files, ..sample })
}

fn chunk(file: &OwnedFd, number: usize, size: usize, buffer: &mut [u8]) -> Result<()> {
    let offset = number % (size / CHUNK) * CHUNK;
    full(pread(file, buffer, offset as u64)?, CHUNK)
}

/// One operation is 1 MiB.
pub(super) fn sequential(scene: &Scene<'_>) -> Result<Sample> {
    let (file, mut buffer) = (open(scene.dir, &CString::new(BIG)?)?, vec![0; CHUNK]);
    repeat(scene.time, Pace::Slow, |number| chunk(&file, number, scene.tree.sizes.big, &mut buffer))
}

pub(super) fn sequential_pass(scene: &Scene<'_>) -> Result<Sample> {
    let (file, mut buffer) = (open(scene.dir, &CString::new(BIG)?)?, vec![0; CHUNK]);
    let size = scene.tree.sizes.big;
    once(size / CHUNK, |number| chunk(&file, number, size, &mut buffer))
}

fn random(scene: &Scene<'_>, seed: u64) -> Result<Sample> {
    let file = open(scene.dir, &CString::new(BIG)?)?;
    let (mut random, mut buffer) = (Random::new(seed), [0; SMALL]);
    let blocks = (scene.tree.sizes.big / SMALL) as u64;
    repeat(scene.time, Pace::Quick, |_| {
        full(pread(&file, &mut buffer, random.below(blocks) * SMALL as u64)?, SMALL)
    })
}

pub(super) fn random_one(scene: &Scene<'_>) -> Result<Sample> {
    random(scene, 1)
}

/// Four threads at once; the time of one operation is that between two completions of any of them.
pub(super) fn random_four(scene: &Scene<'_>) -> Result<Sample> {
    let samples: Vec<Result<Sample>> = thread::scope(|scope| {
        let threads: Vec<_> = (1..=4).map(|seed| scope.spawn(move || random(scene, seed))).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|result| result.unwrap_or_else(|_| Err("a reader panicked".into()))).collect()
    });
    let mut all = Sample::default();
    for sample in samples {
        let sample = sample?;
        all = Sample { ops: all.ops + sample.ops, elapsed: all.elapsed.max(sample.elapsed) };
    }
    Ok(all)
}
