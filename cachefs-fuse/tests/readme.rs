//! The README's table of options is that of the program.

mod acceptance;

use std::collections::BTreeSet;

use acceptance::program;

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_lists_every_option_there_is() {
    let help = program(env!("CARGO_BIN_EXE_cachefs-mount")).args("--help").text();
    let table = README.split("<!-- options: ").nth(1).expect("the table is marked in the README");
    let missing: Vec<String> = options(&help).difference(&options(table)).cloned().collect();
    let extra: Vec<String> = options(table).difference(&options(&help)).cloned().collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
    assert!(extra.is_empty(), "only in the README: {extra:?}");
}

/// The long options that begin a line of help, or a row of the table.
fn options(text: &str) -> BTreeSet<String> {
    let begins = |line: &str| {
        let words = line.trim_start_matches(['|', ' ', '`']).split([' ', ',', '`', '=', '[', '<']);
        words.take(3).find(|word| word.starts_with("--") && !word.starts_with("---")).map(str::to_owned)
    };
    text.lines()
        .filter_map(begins)
        .filter(|option| !matches!(option.as_str(), "--help" | "--version"))
        .collect()
}
