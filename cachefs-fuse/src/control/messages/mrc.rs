use serde::{Deserialize, Serialize};

/// What `mrc` answers: what the cache would have hit of the blocks read lately, had it another size or policy. What the
/// kernel serves from its own pages is asked of nobody, and counts neither as hit nor as reference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mrc {
    /// The policy of this mount.
    pub policy: String,
    /// What contents may take now.
    pub memory_max_bytes: u64,
    /// For each policy, each size.
    pub points: Vec<MrcPoint>,
    /// The latest so many references to blocks are what this was counted of.
    pub covers: u64,
    /// How many of them were looked at.
    pub references: u64,
    /// How many blocks those were of.
    pub blocks: u64,
    /// Which share (above 0, at most 1) of all blocks that is.
    pub share: f64,
    /// Too little was read yet to rely on it.
    pub rough: bool,
}

/// What one cache would have hit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MrcPoint {
    /// Its policy.
    pub policy: String,
    /// Its memory.
    pub memory_bytes: u64,
    /// The same as a multiple of the memory that the mount was given.
    pub factor: f64,
    /// Of the references to blocks, from memory.
    pub hit_percent: f64,
}
