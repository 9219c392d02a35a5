use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

/// A program to be run to its end.
#[derive(Debug)]
pub struct Run(Command);

/// Runs `name` with a plain environment: nothing of the cargo that runs this test, no configuration of the user.
pub fn program(name: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(name);
    for (key, _) in std::env::vars_os() {
        let key_text = key.to_string_lossy();
        if ["CARGO", "RUST", "GIT_"].iter().any(|prefix| key_text.starts_with(prefix))
            && key_text != "CARGO_HOME"
        {
            command.env_remove(key);
        }
    }
    if let Some(home) = std::env::var_os("RUSTUP_HOME") {
        command.env("RUSTUP_HOME", home);
    }
    command.env("LC_ALL", "C").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    Run(command)
}

impl Run {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Adds arguments, separated by white space.
    pub fn args(mut self, arguments: &str) -> Self {
        self.0.args(arguments.split_whitespace());
        self
    }

    /// Runs it in this directory.
    pub fn within(mut self, directory: &Path) -> Self {
        self.0.current_dir(directory);
        self
    }

    /// Runs it, whatever comes of it.
    pub fn output(mut self) -> Output {
        self.0.output().unwrap_or_else(|error| panic!("starting {:?}: {error}", self.0))
    }

    /// Runs it; it has to succeed. Answers what it wrote to standard output.
    pub fn text(mut self) -> String {
        let output = self.0.output().unwrap_or_else(|error| panic!("starting {:?}: {error}", self.0));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?}: {}\n{}\n{errors}", self.0, output.status, tail(&text));
        text
    }

    /// Runs it; it has to succeed and to have nothing to say.
    pub fn silent(self) {
        let text = self.text();
        assert!(text.is_empty(), "expected no output:\n{}", tail(&text));
    }
}

/// The last lines of a long text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
