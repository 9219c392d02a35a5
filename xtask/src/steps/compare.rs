//! `cargo xtask compare`: builds what measures and lets it write its documents.

use std::path::{Path, PathBuf};

use super::Shop;
use crate::Result;

/// Rivals among crates: in a workspace of its own, so that nothing else builds them.
const RIVALS: &str = "benches/rivals/Cargo.toml";

/// Measures everything beside everything; `arguments` go to the program that does, but for `--no-rivals`.
///
/// # Errors
/// If something can't be built, or the program fails.
pub fn compare(root: &Path, arguments: &[&str]) -> Result<bool> {
    let shop = Shop::new(root);
    let rivals = !arguments.iter().any(|argument| ["--no-rivals", "--help", "-h"].contains(argument));
    let mut command = shop.cargo();
    command.args(["run", "--release", "-p", "cachefs-benches", "--bin", "compare", "--"]);
    command.args(["--document", "COMPARISON.md", "--charts", "docs/charts"]);
    command.args(["--json", "docs/comparison.json"]);
    if rivals {
        command.arg("--rivals").arg(build_rivals(&shop)?);
    }
    command.args(arguments.iter().filter(|&&argument| argument != "--no-rivals"));
    shop.run(&mut command)?;
    Ok(true)
}

fn build_rivals(shop: &Shop) -> Result<PathBuf> {
    let target = shop.target().join("rivals");
    let mut command = shop.cargo();
    command.args(["build", "--release", "--manifest-path", RIVALS, "--target-dir"]);
    shop.run(command.arg(&target)).map_err(|e| {
        format!("{e}: the crates to compare with are fetched for this; `--no-rivals` does without them")
    })?;
    Ok(target.join("release").join("cachefs-rivals"))
}
