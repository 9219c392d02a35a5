//! What is shipped beside the program names only metrics that are exported, with labels they have.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use cachefs_metrics::{Kind, Metric, table_of_all};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The metric a name in a query means, if any.
fn metric(name: &str) -> Option<Metric> {
    let find = |name: &str| Metric::ALL.iter().copied().find(|metric| metric.name() == name);
    let of_histogram = |end: &str| {
        let metric = find(name.strip_suffix(end)?)?;
        (metric.kind() == Kind::Histogram).then_some(metric)
    };
    match find(name) {
        // Alone it has no series.
        Some(metric) => (metric.kind() != Kind::Histogram).then_some(metric),
        None => ["_bucket", "_sum", "_count"].into_iter().find_map(of_histogram),
    }
}

/// The words that look like ours, each with the text behind it.
fn names(text: &str) -> Vec<(&str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("cachefs_") {
        let begins = !rest[..at].ends_with(is_word);
        let length = rest[at..].find(|c| !is_word(c)).unwrap_or(rest.len() - at);
        if begins {
            found.push((&rest[at..at + length], &rest[at + length..]));
        }
        rest = &rest[at + length..];
    }
    found
}

/// The labels of a selector `{a="b",c=~"d"}` that follows a name; in JSON the quotes are escaped.
fn labels(behind: &str) -> Vec<String> {
    let Some(selector) = behind.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return Vec::new();
    };
    let pairs = selector.0.split(',').filter(|pair| !pair.trim().is_empty());
    pairs.map(|pair| pair.split(['=', '!']).next().unwrap().trim().to_owned()).collect()
}

/// What Prometheus itself adds to every series.
const ADDED: [&str; 2] = ["instance", "job"];

fn check(name: &str, least: usize) {
    let text = read(name);
    let mut seen = BTreeSet::new();
    for (word, behind) in names(&text) {
        let metric = metric(word).unwrap_or_else(|| panic!("{name} names {word}, which is not exported"));
        for label in labels(behind) {
            let known = metric.labels().contains(&label.as_str()) || ADDED.contains(&label.as_str());
            assert!(known || label == "le", "{name}: {word} has no label {label}");
        }
        seen.insert(metric);
    }
    assert!(seen.len() >= least, "{name} names {} metrics only", seen.len());
}

#[test]
fn the_dashboard_names_what_is_exported() {
    check("dist/grafana/cachefs.json", 20);
    let dashboard: serde_json::Value = serde_json::from_str(&read("dist/grafana/cachefs.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "an id twice: {panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let is_row = panel["type"] == "row";
        assert_eq!(panel["targets"].as_array().is_none_or(Vec::is_empty), is_row, "{panel}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
    }
}

#[test]
fn the_alert_rules_name_what_is_exported_and_say_what_to_do() {
    let name = "dist/prometheus/cachefs.rules.yml";
    check(name, 8);
    let text = read(name);
    let count = |needle: &str| text.lines().filter(|line| line.trim_start().starts_with(needle)).count();
    let alerts = count("- alert:");
    assert!(alerts >= 8, "{alerts}");
    for needle in ["expr:", "severity:", "summary:", "description:"] {
        assert_eq!(count(needle), alerts, "each alert has one {needle}");
    }
}

/// `CACHEFS_BLESS=1 cargo test -p cachefs-metrics` writes it anew.
#[test]
fn the_documented_table_is_the_one_exported() {
    let (text, table) = (read("docs/metrics.md"), table_of_all());
    let (begin, end) = ("<!-- table -->\n", "<!-- end of table -->\n");
    let (before, rest) = text.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    if std::env::var_os("CACHEFS_BLESS").is_some() {
        fs::write(path("docs/metrics.md"), [before, begin, &table, end, after].concat()).unwrap();
    } else {
        assert_eq!(shown, table, "CACHEFS_BLESS=1 writes it anew");
    }
    for (word, _) in
        names(before).into_iter().chain(names(after)).filter(|(word, _)| *word != "cachefs_metrics")
    {
        assert!(metric(word).is_some(), "docs/metrics.md names {word}");
    }
}
