use std::ffi::{OsStr, OsString};

use clap::ArgMatches;

use super::flag::{Flag, Given, Layer, Takes};
use super::{list, table};

/// The command line in the order in which it was written.
#[derive(Default)]
pub(super) struct Line {
    pub(super) given: Vec<Given>,
    /// What is not an option: SRC and MNT.
    pub(super) operands: Vec<OsString>,
}

/// One of its words.
enum Word<'a> {
    Operand(&'a OsStr),
    Value(&'static Flag, &'a OsStr),
    /// Not the first one after its option.
    FurtherValue(&'static Flag, &'a OsStr),
}

impl Line {
    /// Puts what clap found in order.
    ///
    /// # Errors
    /// One line that names the argument and says what would be right.
    pub(super) fn new(matches: &ArgMatches) -> Result<Self, String> {
        let mut line = Self::default();
        let mut ended = false;
        for word in words(matches) {
            match word {
                Word::Operand(text) => line.operands.push(text.to_owned()),
                Word::Value(flag, text) => {
                    ended = false;
                    line.push(flag, text)?;
                }
                // Before SRC and MNT are known, the word after a value may be one of them.
                Word::FurtherValue(_, text) if ended || line.operands.len() < 2 => {
                    ended = true;
                    line.operands.push(text.to_owned());
                }
                Word::FurtherValue(flag, text) => line.push(flag, text)?,
            }
        }
        Ok(line)
    }

    fn push(&mut self, flag: &'static Flag, value: &OsStr) -> Result<(), String> {
        let value = text(value)?;
        if matches!(flag.takes, Takes::Options(_)) {
            self.given.extend(list::read(&value)?);
        } else {
            let spelling = format!("--{}", flag.long);
            self.given.push(Given { flag, value, spelling, layer: Layer::Argument });
        }
        Ok(())
    }
}

fn words(matches: &ArgMatches) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    for id in matches.ids().map(clap::Id::as_str) {
        let places = matches.indices_of(id).into_iter().flatten();
        let values = matches.get_raw_occurrences(id).into_iter().flatten().flat_map(Iterator::enumerate);
        for (place, (number, text)) in places.zip(values) {
            match table::find(id) {
                None => words.push((place, Word::Operand(text))),
                Some(flag) if number == 0 => words.push((place, Word::Value(flag, text))),
                Some(flag) => words.push((place, Word::FurtherValue(flag, text))),
            }
        }
    }
    words.sort_by_key(|(place, _)| *place);
    words.into_iter().map(|(_, word)| word).collect()
}

/// What an option is given must be text.
pub(super) fn text(argument: &OsStr) -> Result<String, String> {
    argument.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not valid UTF-8", argument.display()))
}
