use std::io::{self, Read};

/// The longest request read, in bytes.
const LENGTH_MAX: u64 = 8 * 1024;

/// What is asked of the exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// `GET /metrics`
    Metrics,
    /// `GET /`
    Index,
    /// A path there is not.
    Unknown,
    /// A method there is not.
    OtherMethod,
    /// No HTTP, or too much of it.
    Malformed,
}

impl Request {
    /// Reads a request up to the end of its head.
    ///
    /// # Errors
    /// As reading has them; the time a peer may take is the stream's business.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut head = Vec::new();
        let mut from = from.take(LENGTH_MAX);
        let mut chunk = [0; 1024];
        while !is_complete(&head) {
            let length = from.read(&mut chunk)?;
            if length == 0 {
                return Ok(Self::Malformed);
            }
            head.extend_from_slice(&chunk[..length]);
        }
        Ok(Self::parse(&head))
    }

    fn parse(head: &[u8]) -> Self {
        let line = head.split(|byte| *byte == b'\r').next().and_then(|line| std::str::from_utf8(line).ok());
        let mut words = line.unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Self::Malformed;
        };
        if !version.starts_with("HTTP/1.") {
            return Self::Malformed;
        }
        match (method, target.split('?').next()) {
            ("GET", Some("/metrics")) => Self::Metrics,
            ("GET", Some("/")) => Self::Index,
            ("GET", _) => Self::Unknown,
            _ => Self::OtherMethod,
        }
    }
}

fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Request {
        Request::read(&mut text.as_bytes()).expect("memory")
    }

    #[test]
    fn requests_are_told_apart() {
        assert_eq!(read("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), Request::Metrics);
        assert_eq!(read("GET /metrics?name=x HTTP/1.0\r\n\r\n"), Request::Metrics);
        assert_eq!(read("GET / HTTP/1.1\r\n\r\n"), Request::Index);
        assert_eq!(read("GET /etc/passwd HTTP/1.1\r\n\r\n"), Request::Unknown);
        assert_eq!(read("POST /metrics HTTP/1.1\r\n\r\n"), Request::OtherMethod);
        for text in [
            "",
            "GET /metrics HTTP/1.1\r\n",
            "hello\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(read(text), Request::Malformed, "{text:?}");
        }
    }

    #[test]
    fn an_endless_request_is_cut_off() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000));
        assert_eq!(read(&long), Request::Malformed);
        assert_eq!(Request::read(&mut io::repeat(b'x')).expect("memory"), Request::Malformed);
    }
}
