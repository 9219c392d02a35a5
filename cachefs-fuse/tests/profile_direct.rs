//! The profile in which the kernel keeps nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may fail where it stands, and says where"
)]

mod acceptance;
mod open_files;

use acceptance::required;

#[test]
fn programs_find_what_is_usual() {
    if required(acceptance::is_root(), "root, for scenes of several users") {
        open_files::play_on("direct");
    }
}

#[test]
fn what_is_usual_is_what_a_directory_gives() {
    if required(acceptance::is_root(), "root, for scenes of several users") {
        open_files::play_natively();
    }
}
