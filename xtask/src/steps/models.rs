//! Steps that run the tests of what is shared without a lock, in all orders or under an interpreter. They build apart:
//! with the rest, each would have everything built anew.

use std::process::Stdio;

use super::Shop;
use crate::Result;

/// The tests of places, in all orders that their threads can run in.
pub(crate) fn loom(shop: &Shop) -> Result<()> {
    let mut command = shop.cargo();
    command.args(["test", "-p", "cachefs-sys", "--lib", "places"]);
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", shop.target().join("loom"));
    shop.run(&mut command)
}

/// The same tests under Miri, which needs a nightly.
pub(crate) fn miri(shop: &Shop) -> Result<()> {
    let mut version = shop.nightly();
    version.args(["miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !version.status().is_ok_and(|status| status.success()) {
        return Err("no nightly toolchain with Miri is here: `rustup toolchain install nightly -c miri`, \
                    or leave it out with `--skip miri`"
            .into());
    }
    let mut command = shop.nightly();
    command.args(["miri", "test", "-p", "cachefs-sys", "--lib", "places"]);
    shop.run(command.env("CARGO_TARGET_DIR", shop.target().join("miri")))
}
