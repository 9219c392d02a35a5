use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use cachefs_benches::{Figures, Round};

use crate::Result;
use crate::flags::Flags;

/// Versions of the crates that took part, by name.
pub(crate) type Versions = BTreeMap<String, String>;

/// All rounds. Each is a process of its own, so that how memory happened to be laid out is in the spread.
pub(crate) fn run(flags: &Flags, figures: &mut Figures) -> Result<Versions> {
    let own = std::env::current_exe()?;
    let mut own_arguments = vec!["--one-round", "--scale", &flags.scale_name];
    if flags.rivals.is_none() {
        own_arguments.push("--blocks");
    }
    let mut versions = Versions::new();
    for number in 1..=flags.rounds {
        eprintln!("round {number} of {}", flags.rounds);
        let mut take = |round: Round| {
            versions.extend(round.versions.iter().cloned());
            figures.add(round);
        };
        take(round(&own, &own_arguments)?);
        if let Some(rivals) = &flags.rivals {
            take(round(rivals, &["--scale", &flags.scale_name])?);
        }
    }
    Ok(versions)
}

fn round(program: &Path, arguments: &[&str]) -> Result<Round> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", program.display());
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|e| failed(&e))?;
    if !output.status.success() {
        return Err(failed(&output.status).into());
    }
    serde_json::from_slice(&output.stdout).map_err(|e| failed(&e).into())
}
