use std::io::{self, BufRead};

/// No request is longer, in bytes.
pub const LINE_MAX: usize = 64 << 10;
/// No answer is longer: it may name many files.
pub(super) const ANSWER_MAX: usize = 4 << 20;

/// Reads the next line, without its end; `None` when the other side is gone.
///
/// # Errors
/// `InvalidData` for a line that is too long or no text, else as reading has them.
pub(super) fn read(from: &mut impl BufRead, longest: usize) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let most = longest as u64 + 1;
    io::Read::take(&mut *from, most).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() && line.len() > longest {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a line is longer than {longest} bytes"),
        ));
    }
    let text = String::from_utf8(line);
    text.map(Some).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a line is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_bounded() {
        let mut input = &b"{}\nlast"[..];
        assert_eq!(read(&mut input, LINE_MAX).expect("a line"), Some("{}".to_owned()));
        assert_eq!(read(&mut input, LINE_MAX).expect("no end of line"), Some("last".to_owned()));
        assert_eq!(read(&mut input, LINE_MAX).expect("the end"), None);
        let long = vec![b'x'; LINE_MAX + 1];
        assert_eq!(read(&mut &long[..], LINE_MAX).expect_err("long").kind(), io::ErrorKind::InvalidData);
        assert!(
            read(&mut &long[1..], LINE_MAX).is_ok_and(|line| line.is_some_and(|line| line.len() == LINE_MAX))
        );
        assert_eq!(
            read(&mut &b"\xff\n"[..], LINE_MAX).expect_err("no text").kind(),
            io::ErrorKind::InvalidData
        );
    }
}
