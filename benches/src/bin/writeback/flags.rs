use std::path::PathBuf;
use std::str::FromStr;

use crate::Result;
use crate::cases::{CASES, Case, Sizes};

pub(crate) const HELP: &str = "\
cargo run --release -p cachefs-benches --bin writeback -- [OPTIONS]

Writes through each contender in turn, in rounds: the directory itself, the library and a mount, each in the modes
`through` and `back`, and the library over a directory that takes 5 ms per call and 100 MB/s.

  --cases LIST         names as `--list` has them; default all
  --list               the cases, and what each does
  --rounds N           each figure is the median of so many (5)
  --json FILE          write all figures here
  --dir DIR            work here, some 4 GiB; default: the system's directory for temporary files
  --cachefs PATH       this cachefs-mount; default: the one of this workspace, built when cargo runs this
  --quick              few bytes, one round: to see that it works, not to compare
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) cases: Vec<&'static Case>,
    pub(crate) rounds: usize,
    pub(crate) json: Option<PathBuf>,
    pub(crate) dir: PathBuf,
    pub(crate) cachefs: Option<PathBuf>,
    pub(crate) sizes: Sizes,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Order {
    Help,
    List,
    Measure(Box<Flags>),
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            cases: CASES.iter().collect(),
            rounds: 5,
            json: None,
            dir: std::env::temp_dir(),
            cachefs: None,
            sizes: Sizes::FULL,
        }
    }
}

impl Order {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut arguments = arguments.into_iter();
        let mut flags = Flags::default();
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--list" => return Ok(Self::List),
                "--quick" => (flags.sizes, flags.rounds) = (Sizes::QUICK, 1),
                _ => {
                    let value =
                        arguments.next().ok_or_else(|| format!("{name}: not known, or needs a value"))?;
                    flags.set(&name, value)?;
                }
            }
        }
        Ok(Self::Measure(Box::new(flags)))
    }
}

impl Flags {
    fn set(&mut self, name: &str, value: String) -> Result<()> {
        match name {
            "--cases" => {
                self.cases = value.split(',').map(|name| case(name.trim())).collect::<Result<_>>()?
            }
            "--rounds" => self.rounds = number::<usize>(name, &value)?.max(1),
            "--json" => self.json = Some(value.into()),
            "--dir" => self.dir = value.into(),
            "--cachefs" => self.cachefs = Some(value.into()),
            _ => return Err(format!("no option `{name}`; try --help").into()),
        }
        Ok(())
    }
}

fn case(name: &str) -> Result<&'static Case> {
    let found = CASES.iter().find(|case| case.name == name);
    found.ok_or_else(|| format!("no case `{name}`; try --list").into())
}

fn number<T: FromStr<Err: std::fmt::Display>>(name: &str, value: &str) -> Result<T> {
    value.parse().map_err(|e| format!("{name} {value}: {e}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Order> {
        Order::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn everything_is_measured_unless_something_is_chosen() {
        let Order::Measure(all) = parse(&[]).unwrap() else { panic!("nothing is measured") };
        assert_eq!((all.cases.len(), all.rounds), (CASES.len(), 5));
        let words = ["--cases", "fsync, group", "--rounds", "3"];
        let Order::Measure(some) = parse(&words).unwrap() else { panic!("nothing is measured") };
        assert_eq!((some.cases.len(), some.rounds), (2, 3));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for words in [&["--cases", "fsynk"] as &[_], &["--rounds", "x"], &["--json"], &["--what", "x"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
