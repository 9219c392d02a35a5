use std::net::IpAddr;

/// The longest request read, in bytes.
pub(super) const LENGTH_MAX: usize = 8 * 1024;

/// What is asked of the exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) wish: Wish,
    /// Only the head is wanted.
    pub(super) head_only: bool,
    pub(super) host: Host,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// `/metrics`
    Metrics,
    /// `/`
    Page,
    /// `/status.json`
    Status,
    /// A path there is not.
    Unknown,
    /// A method there is not.
    OtherMethod,
    /// No HTTP, or too much of it.
    Malformed,
}

/// By what name we were called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// By an address, as `localhost`, or by none.
    Plain,
    /// By a name that anybody's name server may have made up, to have a browser read us for a page of theirs.
    Named,
}

impl Request {
    /// Reads what has come so far; `None` until it is complete.
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        if let Some(end) = head.windows(4).position(|end| end == b"\r\n\r\n") {
            return Some(Self::complete(&head[..end]));
        }
        (head.len() >= LENGTH_MAX).then(Self::malformed)
    }

    /// What is answered to those that are not understood.
    pub(super) const fn malformed() -> Self {
        Self { wish: Wish::Malformed, head_only: false, host: Host::Plain }
    }

    fn complete(head: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(head) else { return Self::malformed() };
        let mut lines = text.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Self::malformed();
        };
        if !version.starts_with("HTTP/1.") {
            return Self::malformed();
        }
        let named = lines
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| name.eq_ignore_ascii_case("host") && host(value.trim()) == Host::Named);
        let wish = match (method, target.split('?').next()) {
            ("GET" | "HEAD", Some("/metrics")) => Wish::Metrics,
            ("GET" | "HEAD", Some("/")) => Wish::Page,
            ("GET" | "HEAD", Some("/status.json")) => Wish::Status,
            ("GET" | "HEAD", _) => Wish::Unknown,
            _ => Wish::OtherMethod,
        };
        let host = if named { Host::Named } else { Host::Plain };
        Self { wish, head_only: method == "HEAD", host }
    }
}

fn host(text: &str) -> Host {
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => text,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let plain = name.is_empty() || name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok();
    if plain { Host::Plain } else { Host::Named }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Option<Wish> {
        Request::parse(text.as_bytes()).map(|request| request.wish)
    }

    #[test]
    fn requests_are_told_apart() {
        assert_eq!(wish("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), Some(Wish::Metrics));
        assert_eq!(wish("GET /metrics?name=x HTTP/1.0\r\n\r\n"), Some(Wish::Metrics));
        assert_eq!(wish("GET / HTTP/1.1\r\n\r\n"), Some(Wish::Page));
        assert_eq!(wish("GET /status.json HTTP/1.1\r\n\r\n"), Some(Wish::Status));
        assert_eq!(wish("GET /etc/passwd HTTP/1.1\r\n\r\n"), Some(Wish::Unknown));
        assert_eq!(wish("POST /metrics HTTP/1.1\r\n\r\n"), Some(Wish::OtherMethod));
        assert_eq!(wish("GET /metrics HTTP/1.1\r\n"), None, "it is not complete");
        for text in ["hello\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "\r\n\r\n"] {
            assert_eq!(wish(text), Some(Wish::Malformed), "{text:?}");
        }
        assert!(Request::parse(b"HEAD / HTTP/1.1\r\n\r\n").is_some_and(|request| request.head_only));
    }

    #[test]
    fn names_are_told_from_addresses() {
        for text in ["127.0.0.1:9469", "127.0.0.1", "[::1]:9469", "[::1]", "localhost:9469", "LOCALHOST", ""]
        {
            assert_eq!(host(text), Host::Plain, "{text}");
        }
        for text in ["evil.example:9469", "127.0.0.1.evil.example", "localhost.evil.example"] {
            assert_eq!(host(text), Host::Named, "{text}");
        }
    }

    #[test]
    fn an_endless_request_is_cut_off() {
        assert_eq!(Request::parse(&vec![b'x'; LENGTH_MAX]), Some(Request::malformed()));
    }
}
