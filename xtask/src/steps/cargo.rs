//! Steps that are one call of cargo.

use super::Shop;
use crate::Result;

pub(crate) fn fmt(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["fmt", "--all", "--check"]))
}

pub(crate) fn clippy(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub(crate) fn build_tests(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["test", "--workspace", "--all-targets", "--no-run"]))
}

pub(crate) fn unit(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["test", "--workspace", "--lib", "--bins"]))
}

pub(crate) fn doc(shop: &Shop) -> Result<()> {
    shop.run(shop.cargo().args(["test", "--workspace", "--doc"]))
}
