use super::request::{Host, Request, Wish};
use super::told::Told;

/// The status page: one file, with its style and script in it.
const PAGE: &str = include_str!("status.html");

/// The hash of the page's script, for the one that browsers may run.
const SCRIPT_HASH: &str = "PCRB/PQYBM08EPkxKzosk72qvAWLESI6kp0YC2l/guk=";

/// Who may reach the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guests {
    /// Who is on this machine.
    Local,
    /// Anybody.
    All,
}

/// What is served.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    told: Told,
    guests: Guests,
}

impl Pages {
    pub(crate) const fn new(told: Told, guests: Guests) -> Self {
        Self { told, guests }
    }

    /// The whole answer, with its head.
    pub(super) fn answer(&self, request: &Request) -> Vec<u8> {
        const PLAIN: &str = "text/plain; charset=utf-8";
        let wish = match (self.guests, request.host) {
            (Guests::Local, Host::Named) => None,
            _ => Some(request.wish),
        };
        let (status, kind, body) = match wish {
            Some(Wish::Metrics) => {
                ("200 OK", "text/plain; version=0.0.4; charset=utf-8", self.told.report().prometheus())
            }
            Some(Wish::Status) => ("200 OK", "application/json", self.told.report().json()),
            Some(Wish::Page) => ("200 OK", "text/html; charset=utf-8", PAGE.to_owned()),
            Some(Wish::Unknown) => {
                ("404 Not Found", PLAIN, "there are /, /metrics and /status.json\n".to_owned())
            }
            Some(Wish::OtherMethod) => ("405 Method Not Allowed", PLAIN, "only GET and HEAD\n".to_owned()),
            Some(Wish::Malformed) => ("400 Bad Request", PLAIN, "not understood\n".to_owned()),
            None => ("403 Forbidden", PLAIN, "call this by its address or as localhost\n".to_owned()),
        };
        let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{allow}Content-Length: {length}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'sha256-{SCRIPT_HASH}'; connect-src 'self'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'\r\n\
             X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\n\
             Connection: close\r\n\r\n"
        );
        let mut answer = head.into_bytes();
        if !request.head_only {
            answer.extend_from_slice(body.as_bytes());
        }
        answer
    }

    /// With nothing in it.
    #[cfg(test)]
    pub(super) fn testing(guests: Guests) -> Self {
        Self::new(Told::testing(), guests)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn answer(guests: Guests, request: &str) -> (String, String) {
        let request = Request::parse(request.as_bytes()).expect("complete");
        let answer = String::from_utf8(Pages::testing(guests).answer(&request)).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn requests_get_their_status() {
        for (request, status) in [
            ("GET / HTTP/1.1\r\n\r\n", "200"),
            ("GET /status.json HTTP/1.1\r\n\r\n", "200"),
            ("GET /x HTTP/1.1\r\n\r\n", "404"),
            ("PUT /metrics HTTP/1.1\r\n\r\n", "405"),
            ("nonsense\r\n\r\n", "400"),
            ("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"),
        ] {
            let (head, _) = answer(Guests::Local, request);
            assert_eq!(head.split(' ').nth(1), Some(status), "{request}");
            assert!(head.contains("default-src 'none'") && !head.contains("Access-Control"), "{head}");
        }
        let (head, _) = answer(Guests::All, "GET /metrics HTTP/1.1\r\nHost: my.example\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 200"), "whom all may reach may have any name");
    }

    #[test]
    fn a_head_tells_the_length_and_nothing_else() {
        let (head, body) = answer(Guests::Local, "HEAD / HTTP/1.1\r\n\r\n");
        assert!(head.contains(&format!("Content-Length: {}", PAGE.len())), "{head}");
        assert!(body.is_empty());
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        for needle in ["http://", "https://", "src=", "href=", "@import", "url(", "innerHTML", "eval("] {
            assert!(!PAGE.contains(needle), "{needle}");
        }
    }

    /// Browsers run no script but the one whose hash they are told.
    #[test]
    fn the_hash_is_that_of_the_script() {
        let script = PAGE.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>"));
        let (script, _) = script.expect("a script");
        let mut sum = Command::new("sha256sum");
        let mut sum = sum.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sha256sum");
        sum.stdin.take().expect("piped").write_all(script.as_bytes()).expect("taken");
        let told = String::from_utf8(sum.wait_with_output().expect("a sum").stdout).expect("text");
        let bytes: Vec<u8> =
            (0..32).map(|byte| u8::from_str_radix(&told[2 * byte..2 * byte + 2], 16).expect("hex")).collect();
        assert_eq!(SCRIPT_HASH, base64(&bytes));
    }

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
            for letter in 0..4 {
                let index = (bits >> (18 - 6 * letter) & 63) as usize;
                text.push(if letter <= group.len() { char::from(LETTERS[index]) } else { '=' });
            }
        }
        text
    }
}
