use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::trouble::Trouble;

/// Where results go: for people, or one line of JSON for programs.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    program: String,
    json: bool,
}

impl Out {
    pub(crate) fn new(program: &str, json: bool) -> Self {
        Self { program: program.to_owned(), json }
    }

    /// For people.
    pub(crate) fn plain(program: &str) -> Self {
        Self::new(program, false)
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result and answers how to end; nothing is printed for people if there is no text.
    pub(crate) fn end(&self, exit: Exit, result: &impl Serialize, text: &str) -> Result<Exit, Trouble> {
        let printed = if self.json {
            let mut value = serde_json::to_value(result).unwrap_or(Value::Null);
            if let Value::Object(fields) = &mut value {
                fields.insert("exit".to_owned(), exit.code().into());
            }
            writeln!(io::stdout(), "{value}")
        } else if text.is_empty() {
            Ok(())
        } else {
            writeln!(io::stdout(), "{text}")
        };
        printed.map(|()| exit).map_err(|error| Trouble::failed(format!("nothing can be printed: {error}")))
    }

    /// Tells people, while they wait, for what. Who does not listen does not want to hear it.
    pub(crate) fn note(&self, text: &str) {
        _ = writeln!(io::stderr(), "{}: {text}", self.program);
    }

    /// Tells why there is no result. Who does not listen does not want to hear it.
    pub(crate) fn trouble(&self, trouble: &Trouble) {
        _ = if self.json {
            let told = json!({ "error": trouble.message, "exit": trouble.exit.code() });
            writeln!(io::stdout(), "{told}")
        } else {
            writeln!(io::stderr(), "{}: {}", self.program, trouble.message)
        };
    }
}
