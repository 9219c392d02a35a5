use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use cachefs_fuse::control::{BundleTold, Stat};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use serde::Serialize;
use serde_json::Value;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::mount_argument;
use crate::out::Out;
use crate::trouble::Trouble;

/// What is told of the system, by the name it has in the bundle.
const SYSTEM: &[(&str, &str)] = &[
    ("mountinfo", "/proc/self/mountinfo"),
    ("os-release", "/etc/os-release"),
    ("kernel", "/proc/version"),
    ("memory", "/proc/meminfo"),
    ("limits", "/proc/self/limits"),
];
/// The same of the daemon.
const DAEMON: &[&str] = &["status", "limits"];

/// What became of it.
#[derive(Debug, Serialize)]
struct Bundle {
    directory: String,
    files: Vec<String>,
    /// What could not be had, and why.
    missing: Vec<String>,
}

pub(crate) fn arguments(command: Command) -> Command {
    command.arg(mount_argument()).arg(
        Arg::new("output")
            .short('o')
            .long("output")
            .value_name("DIR")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::DirPath)
            .help("The directory to be made for it [default: cachefs-bundle-SECONDS]."),
    )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let to = matches.get_one::<PathBuf>("output").cloned().unwrap_or_else(default_name);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&to)
        .map_err(|error| Trouble::failed(format!("{} cannot be made: {error}", to.display())))?;
    let mut writer = Writer { to, files: Vec::new(), missing: Vec::new() };
    writer.text("version.txt", &format!("cachefs {}\n", env!("CARGO_PKG_VERSION")))?;
    for (name, from) in SYSTEM {
        writer.copy(&format!("{name}.txt"), Path::new(from))?;
    }
    // One that hangs is one of which a bundle is wanted.
    if let Err(trouble) = mount(&path, &mut writer, out)? {
        writer.missing.push(format!("the mount: {}", trouble.message));
    }
    end(writer, out)
}

fn default_name() -> PathBuf {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    format!("cachefs-bundle-{}", now.as_secs()).into()
}

/// What the mount tells; the outer error is one of writing it.
fn mount(path: &Path, writer: &mut Writer, out: &Out) -> Result<Result<(), Trouble>, Trouble> {
    let mut asked = match Asked::at(path, out) {
        Ok(asked) => asked,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let stat: Stat = match asked.ask("stat", &Value::Null, |_| ()) {
        Ok(stat) => stat,
        Err(trouble) => return Ok(Err(trouble)),
    };
    writer.text("stat.json", &serde_json::to_string_pretty(&stat).unwrap_or_default())?;
    for name in DAEMON {
        let from = Path::new("/proc").join(stat.mount.pid.to_string()).join(name);
        writer.copy(&format!("daemon-{name}.txt"), &from)?;
    }
    let told: BundleTold = match asked.ask("bundle", &Value::Null, |_| ()) {
        Ok(told) => told,
        Err(trouble) => return Ok(Err(trouble)),
    };
    writer.text("options.txt", &lines(&told.arguments))?;
    writer.text("log.txt", &lines(&told.log))?;
    Ok(Ok(()))
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| line.replace('\n', " ") + "\n").collect()
}

fn end(writer: Writer, out: &Out) -> Result<Exit, Trouble> {
    let exit = if writer.missing.is_empty() { Exit::Done } else { Exit::Failed };
    let directory = writer.to.to_string_lossy().into_owned();
    let mut text = format!(
        "{directory}: {} files, with names of mounts and paths in them, but nothing of the contents of files",
        writer.files.len()
    );
    for missing in &writer.missing {
        text += &format!("\nmissing: {missing}");
    }
    out.end(exit, &Bundle { directory, files: writer.files, missing: writer.missing }, &text)
}

struct Writer {
    to: PathBuf,
    files: Vec<String>,
    missing: Vec<String>,
}

impl Writer {
    fn text(&mut self, name: &str, text: &str) -> Result<(), Trouble> {
        let path = self.to.join(name);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| Trouble::failed(format!("{}: {error}", path.display())))?;
        self.files.push(name.to_owned());
        Ok(())
    }

    fn copy(&mut self, name: &str, from: &Path) -> Result<(), Trouble> {
        match fs::read(from) {
            Ok(text) => self.text(name, &String::from_utf8_lossy(&text)),
            Err(error) => {
                self.missing.push(format!("{}: {error}", from.display()));
                Ok(())
            }
        }
    }
}
