use std::fmt::Write;
use std::path::PathBuf;

use cachefs_fuse::control::{Mrc, MrcPoint};
use clap::{ArgMatches, Command};
use indicatif::HumanBytes;
use serde_json::Value;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::mount_argument;
use crate::out::Out;
use crate::trouble::Trouble;

/// Rows of the chart; each stands for as many percent as makes a hundred.
const ROWS: u8 = 10;
/// What a size takes in a row.
const COLUMN: usize = 13;

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(mount_argument())
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let told: Mrc = Asked::at(&path, out)?.ask("mrc", &Value::Null, |_| ())?;
    out.end(Exit::Done, &told, &shown(&told))
}

fn shown(told: &Mrc) -> String {
    // Without expiry ttl is lru, and is told as that.
    let own = if told.policy == "ttl" { "lru" } else { &told.policy };
    let mut text = format!(
        "Hits of the {} newest references to blocks, from a sample of {} blocks ({:.1} %)\n\n{:12}",
        told.covers,
        told.blocks,
        100.0 * told.share,
        "POLICY"
    );
    for point in of(told, own) {
        _ = write!(text, "{:>COLUMN$}", HumanBytes(point.memory_bytes).to_string());
    }
    let mut policies: Vec<&str> = Vec::new();
    for point in &told.points {
        if !policies.contains(&point.policy.as_str()) {
            policies.push(&point.policy);
        }
    }
    for policy in policies {
        _ = write!(text, "\n{} {policy:10}", if policy == own { '*' } else { ' ' });
        for point in of(told, policy) {
            _ = write!(text, "{:>COLUMN$}", format!("{:.1} %", point.hit_percent));
        }
    }
    _ = write!(text, "\n\n{}\n\n{}", chart(&of(told, own).collect::<Vec<_>>(), own), sentence(told, own));
    if told.rough {
        text.push_str("\nToo little was read yet to rely on this: use the mount for a while, and ask again.");
    }
    text.push_str(
        "\nWhat the kernel serves from its own pages is not seen here, and is in none of these numbers.",
    );
    text
}

fn of<'a>(told: &'a Mrc, policy: &'a str) -> impl Iterator<Item = &'a MrcPoint> {
    told.points.iter().filter(move |point| point.policy == policy)
}

/// A column for each size.
fn chart(points: &[&MrcPoint], policy: &str) -> String {
    let mut text = format!("hits of {policy} by memory");
    let step = 100.0 / f64::from(ROWS);
    for row in (1..=ROWS).rev() {
        let upper = f64::from(row) * step;
        _ = write!(text, "\n{upper:>7.0} % |");
        for point in points {
            let bar = match (point.hit_percent + step - upper) / step {
                filled if filled >= 0.75 => "######",
                filled if filled >= 0.25 => "......",
                _ => "",
            };
            _ = write!(text, "{bar:>COLUMN$}");
        }
        text.truncate(text.trim_end().len());
    }
    _ = write!(text, "\n{:>9} +{}\n{:>10}", "", "-".repeat(points.len() * COLUMN), "");
    points.iter().for_each(|point| {
        _ = write!(text, "{:>COLUMN$}", HumanBytes(point.memory_bytes).to_string());
    });
    text
}

/// What one would want to know.
fn sentence(told: &Mrc, own: &str) -> String {
    let at = |policy: &str, factor: f64| {
        told.points.iter().find(|point| point.policy == policy && (point.factor - factor).abs() < 1e-6)
    };
    let here = told.points.iter().filter(|point| (point.factor - 1.0).abs() < 1e-6);
    let best = here.max_by(|one, other| one.hit_percent.total_cmp(&other.hit_percent));
    let (Some(now), Some(twice), Some(best)) = (at(own, 1.0), at(own, 2.0), best) else {
        return "There is nothing to tell.".to_owned();
    };
    format!(
        "Twice the memory: {:+.1} points. Half of it: {:+.1}. Another policy: {:+.1} at most ({}).",
        twice.hit_percent - now.hit_percent,
        at(own, 0.5).map_or(0.0, |half| half.hit_percent - now.hit_percent),
        best.hit_percent - now.hit_percent,
        best.policy
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Mrc {
        let point = |policy: &str, factor: f64, hit_percent| MrcPoint {
            policy: policy.into(),
            memory_bytes: if factor < 1.0 {
                4 << 20
            } else if factor < 2.0 {
                8 << 20
            } else {
                16 << 20
            },
            factor,
            hit_percent,
        };
        let lru = [(0.5, 2.0), (1.0, 41.0), (2.0, 97.5)].map(|(factor, hits)| point("lru", factor, hits));
        let lirs = [(0.5, 20.0), (1.0, 46.0), (2.0, 97.0)].map(|(factor, hits)| point("lirs", factor, hits));
        Mrc { policy: "lru".into(), points: lru.into_iter().chain(lirs).collect(), ..Mrc::default() }
    }

    #[test]
    fn a_table_a_chart_and_what_it_means() {
        let text = shown(&told());
        for part in [
            "POLICY           4.00 MiB     8.00 MiB    16.00 MiB",
            "\n* lru               2.0 %       41.0 %       97.5 %",
            "\n  lirs             20.0 %       46.0 %",
            "\n    100 % |                                 ######\n",
            "\n     40 % |                    ######       ######\n",
            "Twice the memory: +56.5 points. Half of it: -39.0. Another policy: +5.0 at most (lirs).",
            "the kernel serves from its own pages is not seen",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(!text.contains("Too little"), "{text}");
        let text = shown(&Mrc { rough: true, ..told() });
        assert!(text.contains("Too little was read yet"), "{text}");
        assert!(shown(&Mrc::default()).contains("nothing to tell"));
    }
}
