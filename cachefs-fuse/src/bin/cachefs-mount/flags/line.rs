use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::flag::{Flag, Spelled, Takes};
use super::nearest::nearest;
use super::{mount_options, table};

/// One option as it was given, with its spelling for messages.
pub(super) struct Given {
    pub(super) flag: &'static Flag,
    pub(super) value: String,
    pub(super) spelling: String,
}

/// The command line while it is read.
#[derive(Default)]
pub(super) struct Line {
    rest: VecDeque<OsString>,
    pub(super) given: Vec<Given>,
    pub(super) operands: Vec<OsString>,
}

impl Line {
    /// Takes these arguments apart.
    ///
    /// # Errors
    /// One line that names the argument and says what would be right.
    pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut line = Self { rest: arguments.into_iter().collect(), ..Self::default() };
        line.take_apart()?;
        Ok(line)
    }

    fn take_apart(&mut self) -> Result<(), String> {
        while let Some(argument) = self.rest.pop_front() {
            match argument.as_bytes() {
                b"--" => self.operands.extend(self.rest.drain(..)),
                [b'-', b'-', ..] => self.long(&text(&argument)?)?,
                [b'-', _, ..] => self.letters(&text(&argument)?)?,
                _ => self.operands.push(argument),
            }
        }
        Ok(())
    }

    /// `--name`, `--name value`, `--name=value`.
    fn long(&mut self, argument: &str) -> Result<(), String> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument, None),
        };
        let Some(flag) = table::argument(&name[2..]) else { return Err(unknown_argument(name)) };
        self.take(flag, value, name)
    }

    /// `-f`, `-fv`, `-o list`, `-olist`.
    fn letters(&mut self, argument: &str) -> Result<(), String> {
        for (at, letter) in argument.char_indices().skip(1) {
            let spelling = format!("-{letter}");
            let Some(flag) = table::letter(letter) else { return Err(unknown_argument(&spelling)) };
            let attached = &argument[at + letter.len_utf8()..];
            if flag.takes == Takes::Nothing {
                self.push(flag, String::new(), &spelling);
            } else {
                let attached = Some(attached.to_owned()).filter(|attached| !attached.is_empty());
                return self.take(flag, attached, &spelling);
            }
        }
        Ok(())
    }

    /// An option and, from the arguments after it if need be, its values.
    fn take(&mut self, flag: &'static Flag, value: Option<String>, spelling: &str) -> Result<(), String> {
        let name = match flag.takes {
            Takes::Nothing => {
                self.push(flag, value.unwrap_or_default(), spelling);
                return Ok(());
            }
            Takes::Value(name) | Takes::Values(name) | Takes::Options(name) => name,
        };
        let value = match value {
            Some(value) => value,
            None => text(
                &self
                    .rest
                    .pop_front()
                    .ok_or_else(|| format!("{spelling} needs a value: {spelling} {name}"))?,
            )?,
        };
        if matches!(flag.takes, Takes::Options(_)) {
            return self.mount_options(&value);
        }
        self.push(flag, value, spelling);
        // Before SRC and MNT are known, the next word may be one of them.
        while matches!(flag.takes, Takes::Values(_)) && self.operands.len() >= 2 {
            let Some(next) = self.rest.pop_front_if(|next| !next.as_bytes().starts_with(b"-")) else { break };
            self.push(flag, text(&next)?, spelling);
        }
        Ok(())
    }

    fn mount_options(&mut self, list: &str) -> Result<(), String> {
        for option in split_list(list) {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option.as_str(), None),
            };
            if name.is_empty() || mount_options::ignored(name) {
                continue;
            }
            let Some(flag) = table::mount_option(name) else { return Err(unknown_mount_option(name)) };
            let spelling = format!("-o {name}");
            match (flag.takes, value) {
                (Takes::Nothing, value) => self.push(flag, value.unwrap_or_default().to_owned(), &spelling),
                (_, Some(value)) => self.push(flag, value.to_owned(), &spelling),
                (_, None) => return Err(format!("{spelling} needs a value: {spelling}=...")),
            }
        }
        Ok(())
    }

    fn push(&mut self, flag: &'static Flag, value: String, spelling: &str) {
        self.given.push(Given { flag, value, spelling: spelling.to_owned() });
    }
}

/// Splits at commas; `\,` is a comma within an item.
fn split_list(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut letters = list.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letter == '\\' && letters.peek() == Some(&',');
        match items.last_mut() {
            _ if letter == ',' => items.push(String::new()),
            Some(item) => item.push(if escaped { letters.next().unwrap_or(letter) } else { letter }),
            None => {}
        }
    }
    items
}

fn text(argument: &OsStr) -> Result<String, String> {
    argument.to_str().map(str::to_owned).ok_or_else(|| format!("{} is not valid UTF-8", argument.display()))
}

fn unknown_argument(name: &str) -> String {
    if let Some(option) = name.strip_prefix("--").filter(|option| table::mount_option(option).is_some()) {
        return format!("unknown option {name}: did you mean -o {option}?");
    }
    let names = table::all().filter(|flag| flag.spelled != Spelled::MountOption).map(|flag| flag.long);
    match nearest(&name.trim_start_matches('-').replace('_', "-"), names) {
        Some(near) => format!("unknown option {name}: did you mean --{near}?"),
        None => format!("unknown option {name}: see --help"),
    }
}

fn unknown_mount_option(name: &str) -> String {
    let names = table::all().filter(|flag| flag.spelled != Spelled::Argument).map(|flag| flag.long);
    match nearest(&name.replace('_', "-"), names) {
        Some(near) => format!("unknown mount option {name}: did you mean {}?", near.replace('-', "_")),
        None => format!("unknown mount option {name}: see --help"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_can_be_escaped() {
        assert_eq!(split_list("a,b\\,c,,d\\e"), ["a", "b,c", "", "d\\e"]);
    }
}
