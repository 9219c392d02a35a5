use std::path::PathBuf;

use cachefs_benches::Scale;

use crate::Result;

pub(crate) const HELP: &str = "\
cargo xtask compare [OPTIONS]

Measures cachefs, copy-on-read (as published, and made to serve its copies), a naive cache and the bare backing on the
same files, and crates that cache as stores of blocks; in rounds, each in a process of its own. Writes COMPARISON.md,
docs/charts and docs/comparison.json, and says which goals were reached.

  --rounds N       each figure is the median of so many (5)
  --quick          small and short, three rounds: to see that it works, not to compare
  --no-rivals      without the crates, which are fetched and built for this alone

Of `cargo run --release -p cachefs-benches --bin compare`:

  --rivals PATH    the program that measures the crates
  --document FILE  put the tables here, between the markers; default: print them
  --charts DIR     put the charts here
  --json FILE      put all figures here
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) rounds: usize,
    /// The name of the scale.
    pub(crate) scale_name: String,
    pub(crate) scale: Scale,
    pub(crate) rivals: Option<PathBuf>,
    pub(crate) document: Option<PathBuf>,
    pub(crate) charts: Option<PathBuf>,
    pub(crate) json: Option<PathBuf>,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Order {
    Help,
    /// Measure once and print the figures for the one who started this. With the stores of blocks, where nobody else
    /// measures them.
    OneRound {
        scale: Scale,
        blocks: bool,
    },
    Compare(Box<Flags>),
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            rounds: 5,
            scale_name: "full".to_owned(),
            scale: Scale::FULL,
            rivals: None,
            document: None,
            charts: None,
            json: None,
        }
    }
}

impl Order {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut arguments = arguments.into_iter();
        let (mut flags, mut rounds, mut one, mut blocks) = (Flags::default(), None, false, false);
        while let Some(name) = arguments.next() {
            let mut value =
                || arguments.next().ok_or_else(|| format!("{name}: not known, or needs a value; try --help"));
            match name.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--one-round" => one = true,
                "--blocks" => blocks = true,
                "--quick" => flags.set_scale("quick")?,
                "--scale" => flags.set_scale(&value()?)?,
                "--rounds" => {
                    let text = value()?;
                    let count: usize = text.parse().map_err(|e| format!("--rounds {text}: {e}"))?;
                    rounds = Some(count.max(1));
                }
                "--rivals" => flags.rivals = Some(value()?.into()),
                "--document" => flags.document = Some(value()?.into()),
                "--charts" => flags.charts = Some(value()?.into()),
                "--json" => flags.json = Some(value()?.into()),
                _ => return Err(format!("no option `{name}`; try --help").into()),
            }
        }
        flags.rounds = rounds.unwrap_or(if flags.scale_name == "quick" { 3 } else { flags.rounds });
        Ok(if one { Self::OneRound { scale: flags.scale, blocks } } else { Self::Compare(Box::new(flags)) })
    }
}

impl Flags {
    fn set_scale(&mut self, name: &str) -> Result<()> {
        self.scale =
            Scale::named(name).ok_or_else(|| format!("no scale `{name}`; there are full, quick and tiny"))?;
        name.clone_into(&mut self.scale_name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Order> {
        Order::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn five_full_rounds_unless_something_else_is_asked_for() {
        let Order::Compare(flags) = parse(&[]).unwrap() else { panic!("nothing is compared") };
        assert_eq!((flags.rounds, flags.scale), (5, Scale::FULL));
        let Order::Compare(flags) = parse(&["--rounds", "7", "--quick"]).unwrap() else { panic!("nothing") };
        assert_eq!((flags.rounds, flags.scale), (7, Scale::QUICK));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for words in [&["--round"] as &[_], &["--rounds", "x"], &["--json"], &["--scale", "huge"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
