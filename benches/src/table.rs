use std::fmt::Write as _;

/// A Markdown table, the first line its head; columns as wide as they have to be.
pub fn aligned(text: &mut String, lines: &[Vec<String>]) {
    let Some(head) = lines.first() else { return };
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(1);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if number == 0 {
            text.extend(widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut text = String::new();
        aligned(&mut text, &[vec!["a".into(), "b".into()], vec!["long".into(), "1".into()]]);
        assert_eq!(text, "| a    | b |\n|------|---|\n| long | 1 |\n");
    }
}
