//! Scenes that a program plays in a directory, and what it tells of them. They are in Python: mappings and locks of
//! ranges take unsafe code, which is not for tests.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{fmt, fs};

use super::acceptance::setting;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix/play.py");
/// A program that hangs does not hang the tests.
const SECONDS_MAX: u64 = 120;

/// Where it plays.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    /// The directory as programs see it.
    pub(crate) top: &'a Path,
    /// The same one as it is.
    pub(crate) beneath: &'a Path,
}

impl Stage<'_> {
    /// Plays all scenes.
    pub(crate) fn play(&self) -> Told {
        let seconds = setting("CACHEFS_SCENES_SECONDS", SECONDS_MAX).to_string();
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", &seconds, "python3", PROGRAM]).arg(self.top).arg(self.beneath);
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (lines, notes) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{}\n{lines}\n{notes}", output.status);
        Told::read(&lines, &notes)
    }
}

/// What it tells: the lines of each scene.
#[derive(Debug, Default)]
pub(crate) struct Told {
    scenes: BTreeMap<String, Vec<String>>,
    seconds: Vec<(f64, String)>,
}

/// A scene that ended otherwise: lines that are there and not here, or the other way around.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) scene: String,
    lines: Vec<String>,
}

/// What it tells of a plain directory.
pub(crate) fn told() -> &'static Told {
    static NATIVE: OnceLock<Told> = OnceLock::new();
    NATIVE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Stage { top: directory.path(), beneath: directory.path() }.play()
    })
}

impl Told {
    fn read(lines: &str, notes: &str) -> Self {
        let mut told = Self::default();
        for (scene, line) in lines.lines().filter_map(|line| line.split_once(": ")) {
            told.scenes.entry(scene.to_owned()).or_default().push(line.to_owned());
        }
        let took = |line: &str| {
            let (scene, time) = line.split_once(" took ")?;
            Some((time.split(' ').next()?.parse().ok()?, scene.to_owned()))
        };
        told.seconds = notes.lines().filter_map(took).collect();
        told.seconds.sort_by(|one, other| other.0.total_cmp(&one.0));
        told
    }

    /// Scenes that broke off.
    pub(crate) fn raised(&self) -> Vec<String> {
        let lines = self.scenes.iter().flat_map(|(scene, lines)| lines.iter().map(move |line| (scene, line)));
        lines
            .filter(|(_, line)| line.starts_with("RAISED"))
            .map(|(scene, line)| format!("{scene}: {line}"))
            .collect()
    }

    /// The scenes of which another telling differs.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Difference> {
        let names =
            self.scenes.keys().chain(other.scenes.keys().filter(|name| !self.scenes.contains_key(*name)));
        let difference = |scene: &String| {
            let lines = |told: &Self| told.scenes.get(scene).cloned().unwrap_or_default();
            let (ours, theirs) = (lines(self), lines(other));
            let missing = ours.iter().filter(|line| !theirs.contains(line)).map(|line| format!("- {line}"));
            let extra = theirs.iter().filter(|line| !ours.contains(line)).map(|line| format!("+ {line}"));
            let lines: Vec<String> = missing.chain(extra).collect();
            (!lines.is_empty()).then(|| Difference { scene: scene.clone(), lines })
        };
        names.filter_map(difference).collect()
    }

    /// The scenes that took longest.
    pub(crate) fn slowest(&self) -> String {
        let total: f64 = self.seconds.iter().map(|(seconds, _)| seconds).sum();
        let most: Vec<String> =
            self.seconds.iter().take(4).map(|(seconds, scene)| format!("{scene} {seconds:.1} s")).collect();
        format!("{} scenes in {total:.1} s: {}", self.scenes.len(), most.join(", "))
    }
}

/// For people to read.
pub(crate) fn list(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.scene)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}
