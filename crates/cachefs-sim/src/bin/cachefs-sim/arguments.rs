use std::path::PathBuf;

use cachefs_policy::{AdmitKind, PolicyKind};
use cachefs_sim::{Blocks, Format, Guard, Plan, Sample, Size, Unit, curve_sizes, parse_bytes};
use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

const AFTER: &str = "\
Formats (plain or zstd, told by content):
  ids     a key per line
  sized   `key size` per line
  lis     `start count ignored request` per line, in blocks of 512 bytes
  oracle  oracleGeneral of libCacheSim: binary, 24 bytes per request

The optimum is Belady's. With --unit bytes it is an approximation, which policies may surpass. `gap closed` is the share
of the way from LRU to the optimum. No trace says when things expire, so that `ttl` does as `lru` here.

Exit status: 0, done; 1, a trace cannot be read or is none; 2, arguments make no sense.";

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Table,
    Csv,
    Json,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) traces: Vec<PathBuf>,
    pub(crate) format: Option<Format>,
    pub(crate) plan: Plan,
    pub(crate) output: Output,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) quiet: bool,
}

impl Arguments {
    /// Those of this process, which ends here if they make no sense.
    pub(crate) fn parse() -> Self {
        Self::from_matches(&command().get_matches())
    }

    fn from_matches(matches: &ArgMatches) -> Self {
        let output = match (matches.get_flag("csv"), matches.get_flag("json")) {
            (true, _) => Output::Csv,
            (_, true) => Output::Json,
            _ => Output::Table,
        };
        Self {
            traces: many(matches, "traces"),
            format: one(matches, "format"),
            plan: plan(matches),
            output,
            svg: one(matches, "svg"),
            quiet: matches.get_flag("quiet"),
        }
    }
}

fn plan(matches: &ArgMatches) -> Plan {
    let mut policies: Vec<PolicyKind> = Vec::new();
    for kind in many(matches, "policy") {
        if !policies.contains(&kind) {
            policies.push(kind);
        }
    }
    let sizes = match one(matches, "curve") {
        Some(points) => curve_sizes(points),
        None => many(matches, "size"),
    };
    let file_max = one(matches, "file-max").unwrap_or(u64::MAX);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    Plan {
        policies: if policies.is_empty() { PolicyKind::ALL.to_vec() } else { policies },
        sizes,
        unit: one(matches, "unit"),
        blocks: one(matches, "blocks").map(|size| Blocks { size, file_max }),
        guard: Guard { admit: one(matches, "admit").unwrap_or_default(), scan_percent: one(matches, "scan") },
        sample: one(matches, "sample").unwrap_or(Sample::ALL),
        optimum: !matches.get_flag("no-optimum"),
        threads: one::<u16>(matches, "threads").map_or_else(cores, usize::from),
    }
}

fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one(name).cloned()
}

fn many<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Vec<T> {
    matches.get_many(name).map(|values| values.cloned().collect()).unwrap_or_default()
}

fn command() -> Command {
    let policies = PolicyKind::ALL.map(PolicyKind::name).join(", ");
    Command::new("cachefs-sim")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Replays access traces through the eviction policies of cachefs")
        .after_help(AFTER)
        .args([
            Arg::new("traces")
                .value_name("TRACE")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Files with traces, each measured by itself"),
            value("format", "FORMAT", ValueParser::new(str::parse::<Format>))
                .help("Instead of told by content"),
            value("policy", "NAMES", ValueParser::new(str::parse::<PolicyKind>))
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help(format!("Only these policies, separated by commas; there are {policies}")),
        ])
        .args(cache_args())
        .args(output_args())
}

fn cache_args() -> [Arg; 9] {
    let admissions = AdmitKind::ALL.map(AdmitKind::name).join(", ");
    let bytes = || ValueParser::new(parse_bytes);
    [
        value("size", "SIZES", ValueParser::new(str::parse::<Size>))
            .value_delimiter(',')
            .action(ArgAction::Append)
            .default_value("1%,5%,10%,25%")
            .help("Sizes of the cache, separated by commas: 1000, 64K, 2G, or a share of the footprint, 10%"),
        value("curve", "POINTS", value_parser!(u32).range(2..=1000).into())
            .conflicts_with("size")
            .help("So many sizes instead, from 0.1 % to all of the footprint"),
        value("unit", "UNIT", ValueParser::new(unit)).help(
            "What sizes count: entries or bytes [default: bytes where the trace has sizes, but for --blocks]",
        ),
        value("blocks", "BYTES", bytes())
            .help("Cut the files of the trace into blocks of this size, as the engine does"),
        value("file-max", "BYTES", bytes()).requires("blocks").help("Read files no further than to here"),
        value("admit", "NAME", ValueParser::new(str::parse::<AdmitKind>))
            .help(format!("Who comes into a full cache: {admissions}")),
        value("scan", "PERCENT", value_parser!(u8).range(1..=100).into())
            .help("Streams longer than this share of the cache go past it"),
        value("sample", "RATE", ValueParser::new(rate))
            .help("Look only at this share of the keys (SHARDS), as 0.01"),
        flag("no-optimum").help("Leave out the optimum, which needs 8 bytes per request"),
    ]
}

fn output_args() -> [Arg; 5] {
    [
        flag("csv").conflicts_with("json").help("Write lines for a spreadsheet"),
        flag("json").help("Write JSON"),
        value("svg", "FILE", value_parser!(PathBuf)).help("Draw miss-ratio curves, too"),
        value("threads", "COUNT", value_parser!(u16).range(1..).into()).help("[default: one per core]"),
        flag("quiet").short('q').help("Show no progress"),
    ]
}

fn value(name: &'static str, what: &'static str, parser: ValueParser) -> Arg {
    Arg::new(name).long(name).value_name(what).value_parser(parser)
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn unit(name: &str) -> Result<Unit, String> {
    let units = [Unit::Entries, Unit::Bytes];
    let same = |unit: &Unit| unit.name().eq_ignore_ascii_case(name);
    units.into_iter().find(same).ok_or_else(|| format!("\"{name}\" is neither entries nor bytes"))
}

fn rate(text: &str) -> Result<Sample, String> {
    let sample = text.parse().ok().and_then(Sample::new);
    sample.ok_or_else(|| format!("\"{text}\" is no share: give one above 0, up to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
        let words = std::iter::once("cachefs-sim").chain(words.iter().copied());
        command().try_get_matches_from(words).map(|matches| Arguments::from_matches(&matches))
    }

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }

    #[test]
    fn unless_told_otherwise_all_policies_run_at_four_sizes() {
        let arguments = parsed(&["a", "b"]).unwrap();
        assert_eq!(arguments.traces.len(), 2);
        assert_eq!(arguments.plan.policies, PolicyKind::ALL);
        assert_eq!(arguments.plan.sizes, [1.0, 5.0, 10.0, 25.0].map(Size::Percent));
        assert!(arguments.plan.optimum && arguments.output == Output::Table);
    }

    #[test]
    fn lists_are_separated_by_commas_and_given_once() {
        let arguments = parsed(&["a", "--policy", "lru,ARC,lru", "--size", "7", "--size", "2K,1%"]).unwrap();
        assert_eq!(arguments.plan.policies, [PolicyKind::Lru, PolicyKind::Arc]);
        assert_eq!(arguments.plan.sizes, [Size::Absolute(7), Size::Absolute(2048), Size::Percent(1.0)]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            &[] as &[&str],
            &["a", "--policy", "mru"],
            &["a", "--size", "0"],
            &["a", "--sample", "2"],
            &["a", "--unit", "blocks"],
            &["a", "--csv", "--json"],
            &["a", "--file-max", "1M"],
            &["a", "--scan", "0"],
            &["a", "--curve", "1"],
            &["a", "--curve", "9", "--size", "1%"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
