use std::fmt::Write as _;

use crate::figures::{Figures, Row};
use crate::flags::Flags;
use crate::goals::{Bound, GOALS};

/// All figures, and what was to come out, for people.
pub(crate) fn tables(figures: &Figures, flags: &Flags) -> String {
    let mut text = String::new();
    for case in &flags.cases {
        let _ = writeln!(text, "\n## {}: {}\n", case.name, case.what);
        let rows: Vec<&Row> = figures.of(case.name).collect();
        table(&mut text, &rows);
        for row in rows {
            if let Some(failure) = &row.failure {
                let _ = writeln!(text, "\n{} failed: {failure}", row.contender);
            }
        }
    }
    goals(&mut text, figures, flags);
    text
}

fn table(text: &mut String, rows: &[&Row]) {
    let names = rows.iter().map(|row| row.names()).find(|names| !names.is_empty()).unwrap_or_default();
    let _ = write!(text, "| {:<16} |", "contender");
    names.iter().for_each(|name| _ = write!(text, " {name:>15} |"));
    let _ = writeln!(text, "\n|{}|{}", "-".repeat(18), format!("{}:|", "-".repeat(16)).repeat(names.len()));
    for row in rows {
        let _ = write!(text, "| {:<16} |", row.contender);
        names.iter().for_each(|name| _ = write!(text, " {:>15} |", cell(row.median(name))));
        text.push('\n');
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

fn goals(text: &mut String, figures: &Figures, flags: &Flags) {
    let _ = writeln!(
        text,
        "\n## What was to come out\n\n| {:<46} | {:>9} | {:<14} |        |",
        "what", "value", "bound"
    );
    let _ = writeln!(text, "|{}|{}:|{}|--------|", "-".repeat(48), "-".repeat(10), "-".repeat(16));
    for goal in GOALS.iter().filter(|goal| flags.cases.iter().any(|case| case.name == goal.case)) {
        let value = goal.value(figures);
        let bound = match goal.bound {
            Bound::Least(least) => format!("at least {least}"),
            Bound::Most(most) => format!("at most {most}"),
            Bound::None => String::new(),
        };
        let verdict = match value.map(|value| goal.is_met(value)) {
            None => "?",
            Some(Some(true)) => "met",
            Some(Some(false)) => "MISSED",
            Some(None) => "",
        };
        let _ = writeln!(text, "| {:<46} | {:>9} | {bound:<14} | {verdict:<6} |", goal.what, cell(value));
    }
}
