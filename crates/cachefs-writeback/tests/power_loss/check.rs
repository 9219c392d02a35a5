//! What was found after a crash, held to what was promised.

use std::collections::{BTreeMap, BTreeSet};

use cachefs_vfs::FileId;

use crate::file::{Ends, File};
use crate::machine::Loss;
use crate::model::Model;
use crate::op::{Op, Place};
use crate::view::{Seen, View};

impl Model {
    /// What is wrong with what is there.
    pub(crate) fn wrong(&self, view: &View, loss: Loss, ends: Ends) -> Result<(), String> {
        let mut places = BTreeMap::<FileId, BTreeSet<Place>>::new();
        for (path, seen) in view {
            let place = Place::of(path).ok_or_else(|| format!("{path} was never made: {seen:?}"))?;
            match self.files.get(&seen.id) {
                Some(file) => Self::wrong_file(file, place, seen, loss, ends)
                    .map_err(|why| format!("{path} (inode {}): {why}", seen.id.inode))?,
                None => self.half_made(place, seen)?,
            }
            places.entry(seen.id).or_default().insert(place);
        }
        match loss {
            Loss::Kill => self.wrong_names(view),
            Loss::Power => self.missing(&places),
        }
    }

    fn wrong_file(file: &File, place: Place, seen: &Seen, loss: Loss, ends: Ends) -> Result<(), String> {
        if !file.ever.contains(&place) {
            return Err(format!("the file never had that name, but {:?}", file.ever));
        }
        let wrong = match loss {
            Loss::Kill => file.wrong_after_kill(&seen.bytes, seen.mode),
            Loss::Power => file.wrong_after_power_loss(&seen.bytes, seen.mode, ends),
        };
        wrong.map_or(Ok(()), Err)
    }

    /// A file that nobody was told of.
    fn half_made(&self, place: Place, seen: &Seen) -> Result<(), String> {
        match self.stopped_in {
            Some((Op::Create { at }, _)) if at == place && seen.bytes.is_empty() => Ok(()),
            _ => Err(format!("{}: a file that nobody made: {seen:?}", place.path())),
        }
    }

    /// After a kill all names are there, and no others: those before or after the verb in which it came.
    fn wrong_names(&self, view: &View) -> Result<(), String> {
        let known = |seen: &&Seen| self.files.contains_key(&seen.id);
        let found: BTreeMap<_, _> =
            view.iter().filter(|(_, seen)| known(seen)).map(|(path, seen)| (path.clone(), seen.id)).collect();
        let before = self.stopped_in.as_ref().is_some_and(|(_, before)| same(&before.names, &found));
        if before || same(&self.names, &found) {
            return Ok(());
        }
        Err(format!("names {found:?} instead of {:?}", self.names))
    }

    /// After a loss of power, each name that was durable is there, or what it was renamed to.
    fn missing(&self, places: &BTreeMap<FileId, BTreeSet<Place>>) -> Result<(), String> {
        for (id, file) in &self.files {
            let found = places.get(id);
            let is_there = |place: &Place| found.is_some_and(|found| found.contains(place));
            if let Some(chain) = file.chains.iter().find(|chain| !chain.iter().any(is_there)) {
                return Err(format!("inode {}: nothing at any of {chain:?}, but at {found:?}", id.inode));
            }
        }
        Ok(())
    }

    /// Goes on from what was found. After a loss of power all of it is durable; if `beneath` is given, only that is, and
    /// what is seen above it may still be lost.
    pub(crate) fn found(&mut self, view: &View, loss: Loss, beneath: Option<&View>) {
        let places: BTreeMap<_, _> =
            view.iter().filter_map(|(path, seen)| Some((Place::of(path)?, seen.id))).collect();
        let mut old = std::mem::take(&mut self.files);
        let unseen: BTreeMap<_, _> = old
            .iter()
            .filter(|(id, _)| !places.values().any(|other| other == *id))
            .map(|(id, file)| (*id, file.clone()))
            .collect();
        match self.stopped_in.take() {
            // It did not take place, as far as names are concerned.
            Some((_, before)) if loss == Loss::Kill && before.names == places => old = before.files,
            _ => {}
        }
        let by_id: BTreeMap<_, _> = view.values().map(|seen| (seen.id, seen)).collect();
        for seen in by_id.into_values() {
            let names = places.iter().filter(|(_, id)| **id == seen.id).map(|(place, _)| *place).collect();
            let (bytes, mode) = (seen.bytes.clone(), seen.mode);
            let file = match (loss, old.remove(&seen.id)) {
                (Loss::Power, _) => {
                    let durable =
                        beneath.and_then(|beneath| beneath.values().find(|other| other.id == seen.id));
                    let durable = durable.unwrap_or(seen);
                    let mut file = File::found(durable.bytes.clone(), durable.mode, names);
                    file.settle(bytes, mode);
                    file
                }
                (Loss::Kill, None) => File::found_unsynced(bytes, mode, names),
                (Loss::Kill, Some(mut file)) => {
                    file.settle(bytes, mode);
                    file.inherit();
                    file
                }
            };
            self.files.insert(seen.id, file);
        }
        if loss == Loss::Kill {
            // Removed, but not durably so: they may come back when the power goes.
            self.files.extend(unseen);
        }
        self.names = places;
        self.open.clear();
        self.stopped_in = None;
    }
}

fn same(names: &BTreeMap<Place, FileId>, found: &BTreeMap<String, FileId>) -> bool {
    let names: BTreeMap<_, _> = names.iter().map(|(at, id)| (at.path(), *id)).collect();
    names == *found
}
