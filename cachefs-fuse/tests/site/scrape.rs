use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The numbers of one scrape, by series: name and labels sorted, as in `name{a="x",b="y"}`.
#[derive(Debug)]
pub(crate) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Asks the exporter at this address.
    pub(crate) fn of(address: &str) -> Self {
        let answer = get(address, "/metrics");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        let lines = body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(lines.map(series).collect())
    }

    /// The value of a series; 0 if there is none.
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The sum of all series of this name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.0
            .iter()
            .filter(|(series, _)| series.split('{').next() == Some(name))
            .map(|(_, value)| value)
            .sum()
    }

    /// Whether there is any series of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.keys().any(|series| series.split('{').next() == Some(name))
    }
}

/// Asks for a path and answers all that comes back.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn series(line: &str) -> (String, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let sorted = match series.split_once('{') {
        None => series.to_owned(),
        Some((name, labels)) => {
            let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').collect();
            labels.sort_unstable();
            format!("{name}{{{}}}", labels.join(","))
        }
    };
    (sorted, value.parse().unwrap())
}
