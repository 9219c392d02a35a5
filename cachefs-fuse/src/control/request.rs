use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Refusal, VERSION};

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The version of the protocol that the client speaks.
    pub version: u32,
    /// What to do.
    pub verb: String,
    /// How; what each verb takes is its own.
    #[serde(flatten)]
    pub arguments: Map<String, Value>,
}

impl Request {
    /// Asks for a verb with these arguments, which must be an object or nothing.
    #[must_use]
    pub fn new(verb: &str, arguments: Value) -> Self {
        let arguments = match arguments {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self { version: VERSION, verb: verb.to_owned(), arguments }
    }

    /// The arguments as the verb has them.
    ///
    /// # Errors
    /// [`Refusal::usage`] if they are none of its.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.arguments.clone()))
            .map_err(|error| Refusal::usage(format!("{}: {error}", self.verb)))
    }

    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, Refusal> {
        let request: Self = serde_json::from_str(line)
            .map_err(|error| Refusal::usage(format!("this is no request: {error}")))?;
        if request.version > VERSION {
            return Err(Refusal::version(request.version));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::super::RefusalKind;
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Flush {
        path: Option<String>,
    }

    #[test]
    fn requests_are_lines_of_json() {
        let request = Request::new("flush", serde_json::json!({ "path": "a/b" }));
        let line = serde_json::to_string(&request).expect("json");
        assert_eq!(line, r#"{"version":1,"verb":"flush","path":"a/b"}"#);
        let read = Request::parse(&line).expect("well-formed");
        assert_eq!(read, request);
        assert_eq!(read.arguments::<Flush>(), Ok(Flush { path: Some("a/b".to_owned()) }));
        let odd = Request::new("flush", serde_json::json!({ "path": 7 }));
        assert_eq!(odd.arguments::<Flush>().map_err(|refusal| refusal.kind), Err(RefusalKind::Usage));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let kind = |line| Request::parse(line).map_err(|refusal| refusal.kind);
        for line in ["", "{", "[]", "{}", r#"{"version":1}"#, r#"{"version":-1,"verb":"x"}"#] {
            assert_eq!(kind(line), Err(RefusalKind::Usage), "{line}");
        }
        assert_eq!(kind(r#"{"version":2,"verb":"status"}"#), Err(RefusalKind::Version));
    }
}
