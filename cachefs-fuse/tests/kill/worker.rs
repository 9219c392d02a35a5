use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::draw::Draw;
use super::hands::{Hands, home};
use super::judge::judge;
use super::shelf::Shelf;
use super::step::Step;

/// Steps remembered for a report.
const HISTORY: usize = 3000;

/// One writer: its files, its log of what was acknowledged.
#[derive(Debug)]
pub(crate) struct Worker {
    no: u32,
    draw: Draw,
    shelf: Shelf,
    in_flight: Option<Step>,
    history: VecDeque<String>,
    /// Steps acknowledged so far.
    pub(crate) steps: u64,
}

impl Worker {
    /// With up to `files` names, in two directories made beneath `source`.
    pub(crate) fn new(seed: u64, no: u32, files: usize, source: &Path) -> Self {
        let mut shelf = Shelf::default();
        for dir in ["a", "b"] {
            std::fs::create_dir_all(home(source, no).join(dir)).unwrap();
            shelf.dirs.insert(dir.to_owned());
        }
        let draw = Draw::new(seed, no, files);
        Self { no, draw, shelf, in_flight: None, history: VecDeque::new(), steps: 0 }
    }

    /// Works until `stop` is set, or a call fails; that is right only once `killed` is set.
    pub(crate) fn work(&mut self, mount: &Path, stop: &AtomicBool, killed: &AtomicBool) {
        let mut hands = Hands::new(home(mount, self.no));
        while !stop.load(Ordering::Relaxed) {
            let step = self.draw.step(&self.shelf);
            self.remember(format!("{step:?}"));
            match hands.perform(&step, &mut self.shelf) {
                Ok(written) => {
                    self.shelf.note(&step, written);
                    self.steps += 1;
                    if written < step.len() {
                        assert!(killed.load(Ordering::SeqCst), "short write: {written} of {step:?}");
                        let end = step.writes_to().map_or(0, |no| self.shelf.len_of(no));
                        self.in_flight = Some(step.rest(written, end));
                        return;
                    }
                }
                Err(error) => {
                    assert!(killed.load(Ordering::SeqCst), "{step:?}: {error}\n{}", self.tale(&step));
                    self.remember(format!("... {error}"));
                    self.in_flight = Some(step);
                    return;
                }
            }
            hands.let_go(&mut self.shelf);
        }
    }

    /// Whether what is there is what was acknowledged.
    pub(crate) fn judge(&self, root: &Path) -> Result<Shelf, String> {
        judge(&home(root, self.no), &self.shelf, self.in_flight.as_ref())
    }

    /// The path of one of its files that is not empty.
    pub(crate) fn some_file(&self, root: &Path) -> PathBuf {
        let full = |no: &u32| self.shelf.len_of(*no) > 0;
        let (path, _) = self.shelf.names.iter().find(|(_, no)| full(no)).unwrap();
        home(root, self.no).join(path)
    }

    /// Takes note of a file's time; answers its path.
    pub(crate) fn look_at(&mut self, root: &Path) -> PathBuf {
        let path = self.some_file(root);
        let no = self.shelf.names.values().copied().find(|no| self.shelf.len_of(*no) > 0).unwrap();
        Hands::new(home(root, self.no)).perform(&Step::Look { no }, &mut self.shelf).unwrap();
        path
    }

    /// Does so many steps.
    pub(crate) fn do_steps(&mut self, root: &Path, count: usize) {
        let mut hands = Hands::new(home(root, self.no));
        for _ in 0..count {
            let step = self.draw.step(&self.shelf);
            let written = hands.perform(&step, &mut self.shelf).unwrap();
            self.shelf.note(&step, written);
            hands.let_go(&mut self.shelf);
        }
        self.shelf.forget_nameless();
    }

    /// Compares with what is there; what was in flight is known from then on.
    pub(crate) fn check(&mut self, root: &Path, what: &str) {
        self.shelf.forget_nameless();
        match self.judge(root) {
            Ok(shelf) => self.shelf = shelf,
            Err(difference) => {
                let history: Vec<&str> = self.history.iter().map(String::as_str).collect();
                let tail = history[history.len().saturating_sub(25)..].join("\n  ");
                panic!(
                    "{what}, worker {}: {difference}\nat last:\n  {tail}\n{}",
                    self.no,
                    self.tale_of(&difference)
                );
            }
        }
        self.shelf.forget_nameless();
        self.in_flight = None;
        self.remember(what.to_owned());
    }

    fn remember(&mut self, line: String) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line);
    }

    /// What was done to the file of a step.
    fn tale(&self, step: &Step) -> String {
        step.writes_to().map(|no| self.lines_with(&format!("no: {no},"))).unwrap_or_default()
    }

    /// What was done to the file that a difference names by `(file 0x...)`.
    fn tale_of(&self, difference: &str) -> String {
        let named = difference.split("(file 0x").nth(1).and_then(|rest| rest.split(')').next());
        let no = named.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        no.map(|no| format!("to this file:\n  {}", self.lines_with(&format!("no: {no}")))).unwrap_or_default()
    }

    fn lines_with(&self, text: &str) -> String {
        let marks = |line: &&String| line.contains(text) || !line.contains('{');
        let lines: Vec<&str> = self.history.iter().filter(marks).map(String::as_str).collect();
        lines[lines.len().saturating_sub(60)..].join("\n  ")
    }
}
