use std::path::{Path, PathBuf};

use cachefs_vfs::VfsExt;

use super::WarmPriority;
use super::crew::Job;
use super::request::Item;
use super::run::Run;

impl Run<'_> {
    /// Hands out all that is to be warmed, what is most urgent first.
    pub(super) fn find_all(&self, hand_out: &mut dyn FnMut(Job)) {
        let mut items: Vec<_> = self.request.items.iter().collect();
        items.sort_by_key(|(priority, _)| *priority);
        for (priority, item) in items {
            match item {
                Item::Glob(glob) => self.find(glob, *priority, hand_out),
                Item::Path(path) => {
                    self.found_one();
                    hand_out(Job { path: path.clone(), kind: None, priority: *priority });
                }
            }
            if self.is_over() {
                return;
            }
        }
        self.found_all();
    }

    fn find(&self, glob: &str, priority: WarmPriority, hand_out: &mut dyn FnMut(Job)) {
        let mut matches = match self.cache.glob(glob) {
            Ok(matches) => matches,
            Err(error) => return self.failed(Path::new(glob), error),
        };
        let (mut any, mut below) = (false, None::<PathBuf>);
        while let Some(found) = matches.next_entry() {
            if self.is_over() {
                return;
            }
            any = true;
            match found {
                // A directory comes before what is in it, and brings that along.
                Ok(entry) if below.as_ref().is_some_and(|dir| entry.path.starts_with(dir)) => {}
                Ok(entry) if entry.kind.is_dir() => {
                    self.find_below(&entry.path, priority, hand_out);
                    below = Some(entry.path);
                }
                Ok(entry) => {
                    self.found_one();
                    hand_out(Job { path: entry.path, kind: Some(entry.kind), priority });
                }
                Err(error) => self.failed(Path::new(glob), error),
            }
        }
        if !any {
            self.unmatched(glob);
        }
    }

    fn find_below(&self, dir: &Path, priority: WarmPriority, hand_out: &mut dyn FnMut(Job)) {
        let walk = match self.cache.walk(dir) {
            Ok(walk) => walk,
            Err(error) => return self.failed(dir, error),
        };
        for found in walk {
            if self.is_over() {
                return;
            }
            match found {
                Ok(entry) if entry.kind.is_dir() => {}
                Ok(entry) => {
                    self.found_one();
                    hand_out(Job { path: entry.path, kind: Some(entry.kind), priority });
                }
                Err(error) => self.failed(dir, error),
            }
        }
    }
}
