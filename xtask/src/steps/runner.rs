#![expect(clippy::print_stdout, reason = "a command for people at a terminal")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::Step;
use crate::Result;

/// Which of the steps to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Choice {
    /// Reads `--only STEP` and `--skip STEP`, each any number of times.
    ///
    /// # Errors
    /// If there is anything else.
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let mut choice = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let list = match *argument {
                "--only" => &mut choice.only,
                "--skip" => &mut choice.skip,
                other => return Err(format!("no option `{other}` here; try `cargo xtask help`").into()),
            };
            let name = arguments.next().ok_or_else(|| format!("{argument} needs the name of a step"))?;
            list.push((*name).to_owned());
        }
        Ok(choice)
    }

    fn takes(&self, step: &Step) -> bool {
        let named = |list: &[String]| list.iter().any(|name| name == step.name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    /// Refuses names that no step has, so that a typo does not pass as a green run.
    fn check(&self, steps: &[Step]) -> Result<()> {
        for name in self.only.iter().chain(&self.skip) {
            if !steps.iter().any(|step| step.name == *name) {
                let known: Vec<_> = steps.iter().map(|step| step.name).collect();
                return Err(format!("no step `{name}`; there are {}", known.join(", ")).into());
            }
        }
        Ok(())
    }
}

/// Where the steps work.
#[derive(Debug)]
pub(super) struct Shop {
    root: PathBuf,
}

impl Shop {
    /// At the top of the workspace.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The top of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        let chosen = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        chosen.map_or_else(|| self.root.join("target"), |path| self.root.join(path))
    }

    /// Where the tools built from source are.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target().join("tools")
    }

    pub(crate) fn say(&self, line: &str) {
        println!("{line}");
    }

    /// Cargo, at the top of the workspace; what it runs finds the tools.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain([self.tools().join("bin")]);
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        command.current_dir(&self.root);
        command
    }

    /// Cargo of the nightly toolchain, by rustup's program, whichever toolchain runs this.
    pub(crate) fn nightly(&self) -> Command {
        let mut command = Command::new("cargo");
        command.arg("+nightly").env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
        command.current_dir(&self.root);
        command
    }

    /// Runs a command to its end, its output passed through.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        println!("$ {}", render(command));
        let status = command.status().map_err(|e| format!("starting {}: {e}", render(command)))?;
        if status.success() { Ok(()) } else { Err(format!("{status}: {}", render(command)).into()) }
    }
}

fn render(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs the chosen steps until one fails; answers whether all passed.
///
/// # Errors
/// If the choice names a step that is not there.
pub fn run(root: &Path, steps: &[Step], choice: &Choice) -> Result<bool> {
    choice.check(steps)?;
    let shop = Shop::new(root);
    let mut took = Vec::new();
    let mut failed = None;
    for step in steps.iter().filter(|step| choice.takes(step)) {
        println!("\n==> {}: {}", step.name, step.what);
        let start = Instant::now();
        let outcome = (step.run)(&shop);
        took.push((step.name, start.elapsed()));
        if let Err(error) = outcome {
            failed = Some(format!("{} failed: {error}", step.name));
            break;
        }
    }
    summarize(&took);
    if let Some(failure) = &failed {
        println!("{failure}");
    }
    Ok(failed.is_none())
}

fn summarize(took: &[(&str, Duration)]) {
    println!();
    for (name, time) in took {
        println!("{name:<12} {:8.1} s", time.as_secs_f64());
    }
    println!("{:<12} {:8.1} s", "total", took.iter().map(|(_, time)| time.as_secs_f64()).sum::<f64>());
}

#[cfg(test)]
mod tests {
    use super::super::TEST;
    use super::*;

    fn chosen(arguments: &[&str]) -> Vec<&'static str> {
        let choice = Choice::parse(arguments).unwrap();
        TEST.iter().filter(|step| choice.takes(step)).map(|step| step.name).collect()
    }

    #[test]
    fn steps_are_chosen_by_name() {
        assert_eq!(chosen(&[]).len(), TEST.len());
        assert_eq!(chosen(&["--only", "fmt", "--only", "tidy"]), ["fmt", "tidy"]);
        assert!(!chosen(&["--skip", "fsx"]).contains(&"fsx"));
    }

    #[test]
    fn a_typo_is_not_a_green_run() {
        assert!(Choice::parse(&["--onyl", "fmt"]).is_err());
        assert!(Choice::parse(&["--only"]).is_err());
        assert!(Choice::parse(&["--only", "fmtt"]).unwrap().check(&TEST).is_err());
    }

    #[test]
    fn steps_have_distinct_names() {
        let mut names: Vec<_> = TEST.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TEST.len());
    }

    #[test]
    fn steps_run_until_one_fails() {
        let pass = Step { name: "pass", what: "", run: |_| Ok(()) };
        let fail = Step { name: "fail", what: "", run: |_| Err("no".into()) };
        let all = Choice::default();
        assert!(run(Path::new("."), &[pass, pass], &all).unwrap());
        assert!(
            !run(Path::new("."), &[fail, Step { run: |_| panic!("must not run"), ..pass }], &all).unwrap()
        );
    }
}
