//! Test suites that are built from source, each at one version.

use super::Shop;
use crate::Result;

/// Crate, version and the program it installs.
const TOOLS: [(&str, &str); 2] = [("pjdfstest", "0.2.2"), ("fsx", "0.3.2")];

pub(crate) fn install(shop: &Shop) -> Result<()> {
    for (name, version) in TOOLS {
        // `cargo install` does nothing when this version is there already, but asks the registry: look first.
        if is_installed(shop, name, version) {
            shop.say(&format!("tools: {name} {version} is there"));
            continue;
        }
        let mut command = shop.cargo();
        command.args(["install", name, "--version", version, "--locked", "--root"]).arg(shop.tools());
        command.env("CARGO_TARGET_DIR", shop.tools().join("build"));
        shop.run(&mut command)?;
    }
    Ok(())
}

/// Whether cargo's own record names the version and the program is still there.
fn is_installed(shop: &Shop, name: &str, version: &str) -> bool {
    let record = std::fs::read_to_string(shop.tools().join(".crates.toml")).unwrap_or_default();
    record.contains(&format!("\"{name} {version} (")) && shop.tools().join("bin").join(name).is_file()
}
