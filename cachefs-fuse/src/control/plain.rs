use std::borrow::Cow;

/// The text with what would steer a terminal or begin a line of a log written out (`\u{1b}`): names of files are chosen
/// by others.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain)
}

/// Control characters, separators of lines, and what turns the direction of writing.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_written_out() {
        assert!(matches!(plain("Größe a b"), Cow::Borrowed("Größe a b")));
        assert_eq!(plain("a\x1b[2Jb\nc\u{9b}\u{202e}d"), r"a\u{1b}[2Jb\nc\u{9b}\u{202e}d");
    }
}
