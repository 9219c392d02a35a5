use std::path::PathBuf;

use super::file::RecoveredFile;
use super::fold::Fold;
use super::report::{FileReport, Loss, Report};
use crate::journal::{Damage, FileNo, Record, Scan, Seq};

/// Files named beside a hole, at most.
const NAMED_MAX: usize = 100;

/// What a journal comes to.
#[derive(Debug)]
pub(crate) struct Folded {
    /// The files for which something is left to be done, by number.
    pub(crate) files: Vec<RecoveredFile<Record>>,
    /// What is lost.
    pub(crate) losses: Vec<Loss>,
    /// Records in all.
    pub(crate) records: u64,
    /// The highest number a file had.
    pub(crate) number_max: FileNo,
    /// Whether all of it was written in this run of the system.
    pub(crate) same_boot: bool,
}

impl Folded {
    /// Takes records and damage in their common order. What is not held any more by a dirty byte is let go.
    pub(crate) fn of(scan: Scan) -> Self {
        let Scan { records, damage, same_boot, .. } = scan;
        let mut fold = Fold::new();
        let mut losses = Vec::new();
        let mut damage = damage.iter().peekable();
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        for (record, entry) in records {
            while let Some(damage) = damage.next_if(|damage| damage.first < record.seq()) {
                losses.extend(miss(&mut fold, damage));
            }
            fold.take(record.seq(), &record, record.payload_len(), &entry);
        }
        for damage in damage {
            losses.extend(miss(&mut fold, damage));
        }
        let number_max = fold.number_max();
        let mut files = fold.finish();
        losses.extend(files.iter().flat_map(lost_bytes));
        files.retain(|file| !file.is_done());
        Self { files, losses, records: count, number_max, same_boot }
    }

    /// The same to be told.
    pub(crate) fn report(self) -> Report {
        let files = self.files.iter().map(told).collect();
        Report { files, damaged: self.losses, records: self.records, same_boot: self.same_boot }
    }
}

fn miss(fold: &mut Fold<Record>, damage: &Damage) -> Option<Loss> {
    if !damage.certain {
        fold.gap();
        return None;
    }
    if let Some(lost) = damage.bytes {
        fold.lost(damage.first, lost.no, lost.offset, lost.length);
        return None;
    }
    let after = Seq(damage.first.0.saturating_sub(1));
    let numbers = fold.hole(after);
    let named = numbers.iter().filter_map(|no| fold.path(*no).map(PathBuf::from));
    let count = damage.last.0.saturating_sub(after.0);
    Some(Loss::Records { count, files: named.take(NAMED_MAX).collect() })
}

fn lost_bytes(file: &RecoveredFile<Record>) -> impl Iterator<Item = Loss> {
    let path = file.told();
    file.lost.iter().map(move |lost| Loss::Bytes { path: path.clone(), offset: lost.offset, bytes: lost.len })
}

fn told(file: &RecoveredFile<Record>) -> FileReport {
    FileReport {
        number: file.no.0,
        id: file.id,
        paths: file.paths.iter().map(PathBuf::from).collect(),
        bytes: file.extents.bytes(),
        ranges: ranges(file),
        written: file.mtime,
        truncated: file.cut.as_ref().map(|cut| cut.length),
        flushing: file.windows.flush,
        removed: file.gone,
    }
}

/// Where its dirty bytes are, neighbours as one.
pub(super) fn ranges(file: &RecoveredFile<Record>) -> Vec<(u64, u64)> {
    let runs = file.extents.runs(Seq(u64::MAX), u64::MAX);
    runs.map(|run| (run.offset, run.len)).collect()
}
