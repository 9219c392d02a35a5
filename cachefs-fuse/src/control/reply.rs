use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::VERSION;

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Reply {
    /// How far it is; more follows.
    Progress(Map<String, Value>),
    /// It is done; nothing follows.
    Done(Map<String, Value>),
    /// It is not done; nothing follows.
    Failed(Refusal),
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of trouble it is.
    pub kind: RefusalKind,
    /// For people, in one line.
    pub message: String,
}

/// Kinds of trouble, each of which a program may meet in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request makes no sense.
    Usage,
    /// The protocol is of a later version.
    Version,
    /// What it is about does not exist.
    NotFound,
    /// Later it may be done.
    Temporary,
    /// It was tried.
    #[serde(other)]
    Failed,
}

impl Refusal {
    /// The request makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Usage, message)
    }

    /// What it is about does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::NotFound, message)
    }

    /// Later it may be done.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Temporary, message)
    }

    /// It was tried.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Failed, message)
    }

    pub(super) fn version(theirs: u32) -> Self {
        Self::new(
            RefusalKind::Version,
            format!("this mount speaks version {VERSION} of the protocol, not {theirs}"),
        )
    }

    fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a verb tells, as an object. Anything else is put into one, under `value`.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_lines_of_json() {
        for (reply, line) in [
            (
                Reply::Done(object(serde_json::json!({"dirty_bytes": 0}))),
                r#"{"event":"done","dirty_bytes":0}"#,
            ),
            (Reply::Progress(object(serde_json::json!(7))), r#"{"event":"progress","value":7}"#),
            (
                Reply::Failed(Refusal::not_found("x is gone")),
                r#"{"event":"failed","kind":"not-found","message":"x is gone"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&reply).expect("json"), line);
            assert_eq!(serde_json::from_str::<Reply>(line).expect("well-formed"), reply);
        }
        let later = r#"{"event":"failed","kind":"of-a-later-version","message":""}"#;
        let Ok(Reply::Failed(refusal)) = serde_json::from_str(later) else { panic!("{later}") };
        assert_eq!(refusal.kind, RefusalKind::Failed);
    }
}
