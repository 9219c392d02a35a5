use std::fmt::Write as _;

use crate::Report;

const HEAD: &str = "trace,unit,policy,size,capacity,requests,hits,bytes,hit_bytes,hit_ratio,byte_hit_ratio,\
                    miss_ratio,gap_closed_percent\n";

/// A line for each policy at each size, and one of names before them. What is not known is empty.
#[must_use]
pub fn csv(reports: &[Report]) -> String {
    let mut text = HEAD.to_owned();
    for report in reports {
        let (trace, unit) = (quoted(&report.trace), report.unit);
        for row in &report.rows {
            let tally = row.tally;
            let gap = row.gap_closed.map_or_else(String::new, |gap| format!("{gap:.2}"));
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{trace},{unit},{},{},{},{},{},{},{},{:.6},{:.6},{:.6},{gap}",
                row.policy,
                row.size.replace(' ', ""),
                row.capacity,
                tally.requests,
                tally.hits,
                tally.bytes,
                tally.hit_bytes,
                row.hit_ratio,
                row.byte_hit_ratio,
                1.0 - row.hit_ratio,
            );
        }
    }
    text
}

/// As RFC 4180 has it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn fields_with_commas_are_quoted() {
        assert_eq!(quoted("a b"), "a b");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
