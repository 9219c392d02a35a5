//! The examples in the protocol's document are what a mount says.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::back::mount;
use crate::filled;
use crate::site::wait_until;

const DOCUMENT: &str = include_str!("../../../docs/control-protocol.md");

/// Lines that are sent (`> `) and what comes back (`< `), from all blocks, in order.
fn examples() -> Vec<(String, Vec<Value>)> {
    let mut examples: Vec<(String, Vec<Value>)> = Vec::new();
    for line in DOCUMENT.lines() {
        if let Some(sent) = line.strip_prefix("> ").filter(|sent| sent.starts_with('{')) {
            examples.push((sent.to_owned(), Vec::new()));
        } else if let Some(back) = line.strip_prefix("< ") {
            let value = serde_json::from_str(back).unwrap_or_else(|error| panic!("{error}: {back}"));
            examples.last_mut().unwrap().1.push(value);
        }
    }
    examples
}

/// Fields that are left out where they say nothing.
const OPTIONAL: [&str; 8] =
    ["hit_ratio", "seconds_left", "watch", "no_watch", "why_not", "error", "through", "cached_percent"];

/// The same fields, of the same kinds; where programs decide by a value, the same value.
fn is_like(example: &Value, real: &Value) -> bool {
    match (example, real) {
        (Value::Object(example), Value::Object(real)) => {
            let keys = example.keys().chain(real.keys());
            keys.into_iter().all(|key| match (example.get(key), real.get(key)) {
                (Some(one), Some(other)) if matches!(key.as_str(), "event" | "kind" | "mode" | "stage") => {
                    one == other
                }
                (Some(one), Some(other)) => is_like(one, other),
                _ => OPTIONAL.contains(&key.as_str()),
            })
        }
        (Value::Array(example), Value::Array(real)) => match (example.first(), real.first()) {
            (Some(one), Some(other)) => is_like(one, other),
            // What is left out of an example may be there.
            (one, _) => one.is_none(),
        },
        (Value::Number(_), Value::Number(_)) | (Value::String(_), Value::String(_)) => true,
        (one, other) => one == other,
    }
}

#[test]
fn the_examples_of_the_document_are_true() {
    let site = filled();
    let mut daemon = mount(&site, &[]);
    std::fs::write(site.mountpoint().join("d/a"), b"written").unwrap();
    std::fs::read(site.mountpoint().join("f")).unwrap();
    let mut stream = UnixStream::connect(daemon.told("control").as_str().unwrap()).unwrap();
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let examples = examples();
    assert!(examples.len() >= 15, "{}", examples.len());
    for (sent, expected) in examples {
        writeln!(stream, "{sent}").unwrap();
        let mut heard = Vec::new();
        while heard.last().is_none_or(|last: &Value| last["event"] == "progress") {
            let mut line = String::new();
            assert!(input.read_line(&mut line).unwrap() > 0, "{sent}: {heard:?}");
            heard.push(serde_json::from_str(&line).unwrap());
        }
        // How often progress is told is not promised.
        let (end, progress) = heard.split_last().unwrap();
        let (expected_end, expected_progress) = expected.split_last().unwrap();
        assert!(is_like(expected_end, end), "{sent}\nthe document: {expected_end}\nthe mount: {end}");
        if let Some(like) = expected_progress.first() {
            assert!(progress.iter().all(|far| is_like(like, far)), "{sent}: {progress:?}");
        }
    }
    wait_until("the last example unmounts", || site.mounts().is_empty());
    daemon.wait_ended();
}

#[test]
fn every_verb_has_an_example() {
    let text: String = examples().into_iter().map(|(sent, _)| sent).collect();
    for verb in [
        "status",
        "stat",
        "mrc",
        "file",
        "ls",
        "invalidate",
        "evict",
        "warm",
        "queue",
        "set",
        "bundle",
        "flush",
        "umount",
    ] {
        assert!(text.contains(&format!("\"verb\":\"{verb}\"")), "{verb}");
    }
}
