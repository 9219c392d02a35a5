use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::programs::Programs;
use crate::session::Session;

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The directory itself: its ratio shows the noise.
    Native,
    Pages,
    /// As pages, with `--assume-no-growth`.
    PagesNoGrowth,
    Stream,
    Direct,
    Bindfs,
    Rclone,
}

impl Kind {
    /// All whose speed is in question.
    pub(crate) const RIVALS: [Self; 6] =
        [Self::Pages, Self::PagesNoGrowth, Self::Stream, Self::Direct, Self::Bindfs, Self::Rclone];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Pages => "pages",
            Self::PagesNoGrowth => "pages-no-growth",
            Self::Stream => "stream",
            Self::Direct => "direct",
            Self::Bindfs => "bindfs",
            Self::Rclone => "rclone",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self> {
        let all = Self::RIVALS.into_iter().chain([Self::Native]);
        let mut named = all.filter(|kind| kind.name() == name);
        named.next().ok_or_else(|| format!("no contender `{name}`; try --help").into())
    }

    /// Whether it is one of ours.
    pub(crate) const fn is_cachefs(self) -> bool {
        !self.arguments().is_empty()
    }

    /// What makes ours this one.
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Pages => &["--profile=pages"],
            Self::PagesNoGrowth => &["--profile=pages", "--assume-no-growth"],
            Self::Stream => &["--profile=stream"],
            Self::Direct => &["--profile=direct"],
            Self::Native | Self::Bindfs | Self::Rclone => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One that can be mounted.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    program: PathBuf,
    extra: Vec<String>,
}

impl Contender {
    /// Finds its program; the error says why there is none.
    pub(crate) fn find(kind: Kind, programs: &mut Programs, extra: &[String]) -> Result<Self> {
        let program = match kind {
            Kind::Native => PathBuf::new(),
            Kind::Pages | Kind::PagesNoGrowth | Kind::Stream | Kind::Direct => programs.cachefs()?,
            Kind::Bindfs => programs.bindfs()?,
            Kind::Rclone => programs.rclone()?,
        };
        let extra = if kind.is_cachefs() { extra.to_vec() } else { Vec::new() };
        Ok(Self { kind, program, extra })
    }

    /// Mounts `source` afresh, in a directory of its own in `beside`. What it cached on disk in an earlier mount is
    /// there again, unless it is to be `cold`.
    pub(crate) fn mount(&self, source: &Path, beside: &Path, cold: bool) -> Result<Session> {
        if self.kind == Kind::Native {
            return Ok(Session::of_directory(source));
        }
        let site = beside.join(self.kind.name());
        let (at, cache) = (site.join("mount"), site.join(if cold { "cold" } else { "cache" }));
        fs::create_dir_all(&at)?;
        if cold && cache.exists() {
            fs::remove_dir_all(&cache)?;
        }
        Session::start(self.command(source, &at, &cache), &at, &site.join("log"), self.kind.is_cachefs())
    }

    fn command(&self, source: &Path, at: &Path, cache: &Path) -> Command {
        let mut command = Command::new(&self.program);
        match self.kind {
            Kind::Native => {}
            Kind::Pages | Kind::PagesNoGrowth | Kind::Stream | Kind::Direct => {
                command.arg(source).arg(at).args(["--foreground", "--json", "--coherence=watch"]);
                command.args(["--metrics", "127.0.0.1:0"]).args(self.kind.arguments()).args(&self.extra);
            }
            Kind::Bindfs => {
                command.arg("-f").arg(source).arg(at);
            }
            Kind::Rclone => {
                command.arg("mount").arg(source).arg(at);
                // An empty configuration: the directory is named by its path.
                command.args(["--config", "", "--vfs-cache-mode", "full", "--cache-dir"]).arg(cache);
            }
        }
        command
    }
}
