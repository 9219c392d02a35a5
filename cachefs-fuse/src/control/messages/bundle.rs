use serde::{Deserialize, Serialize};

/// What `set` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetArguments {
    /// What is to change.
    pub key: String,
    /// As on the command line of `cachefs-mount`.
    pub value: String,
}

/// What `set` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SetTold {
    /// What changed.
    pub key: String,
    /// As it is now.
    pub value: String,
    /// As it was.
    pub before: String,
}

/// What `bundle` answers: what is of use to whoever looks for a defect, and nothing of the contents of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BundleTold {
    /// The command line of the daemon.
    pub arguments: Vec<String>,
    /// The newest lines of its log, the oldest first.
    pub log: Vec<String>,
}
