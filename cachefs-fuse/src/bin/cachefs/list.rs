use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cachefs_fuse::control::{Client, Place, RuntimeDir, Status, Trace, plain};
use clap::{ArgMatches, Command};
use indicatif::HumanDuration;
use serde::Serialize;

use crate::exit::Exit;
use crate::out::Out;
use crate::target::status_within;
use crate::trouble::Trouble;

/// So long one mount may take to say how it is: others wait for it.
const GLANCE_MAX: Duration = Duration::from_secs(2);

/// One mount of ours.
#[derive(Debug, Default, Serialize)]
struct Line {
    source: String,
    mountpoint: String,
    /// As `status` has it, or `silent` or `dead`.
    stage: String,
    mode: String,
    coherence: String,
    profile: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    uptime_seconds: f64,
}

pub(crate) fn arguments(command: Command) -> Command {
    command
}

pub(crate) fn run(_: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let mounts = mounts()?;
    let text = match mounts.is_empty() {
        true => "no mounts of yours".to_owned(),
        false => shown(&mounts),
    };
    out.end(Exit::Done, &serde_json::json!({ "mounts": mounts }), &text)
}

/// Where all mounts are.
///
/// # Errors
/// If the mount table cannot be read.
pub(crate) fn mountpoints() -> Result<Vec<PathBuf>, Trouble> {
    Ok(mounts()?.into_iter().map(|mount| PathBuf::from(mount.mountpoint)).collect())
}

/// Those with a socket of ours, and those of the mount table that nobody serves.
fn mounts() -> Result<Vec<Line>, Trouble> {
    let places =
        Place::all().map_err(|error| Trouble::failed(format!("the mount table cannot be read: {error}")))?;
    let me = rustix::process::geteuid();
    let mine: Vec<Place> =
        places.into_iter().filter(|place| me.is_root() || place.owner == Some(me.as_raw())).collect();
    let ours = RuntimeDir::ours().map(|dir| dir.sockets()).unwrap_or_default();
    let others = mine.iter().filter_map(|place| place.socket.clone());
    let mut sockets: Vec<PathBuf> = ours.into_iter().chain(others).collect();
    sockets.sort();
    sockets.dedup();
    let mut lines: BTreeMap<(String, u32), Line> = BTreeMap::new();
    for line in sockets.iter().filter_map(|socket| served(socket)) {
        lines.insert((line.mountpoint.clone(), line.pid.unwrap_or_default()), line);
    }
    let known: Vec<String> = lines.values().map(|line| line.mountpoint.clone()).collect();
    for place in mine.iter().filter(|place| is_ours(place)) {
        let line = dead(place);
        if !known.contains(&line.mountpoint) {
            lines.insert((line.mountpoint.clone(), line.pid.unwrap_or_default()), line);
        }
    }
    Ok(lines.into_values().collect())
}

fn is_ours(place: &Place) -> bool {
    place.kind == "fuse.cachefs" || place.trace.is_some()
}

/// `None` if nobody listens.
fn served(socket: &Path) -> Option<Line> {
    let mut client = match Client::connect(socket) {
        Ok(client) => client,
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return silent(socket),
        Err(_) => return None,
    };
    match status_within(&mut client, GLANCE_MAX) {
        Ok(status) => Some(line(status)),
        Err(_) => silent(socket),
    }
}

fn line(status: Status) -> Line {
    Line {
        source: status.source,
        mountpoint: status.mountpoint,
        stage: status.stage,
        mode: status.mode,
        coherence: status.coherence,
        profile: status.profile,
        pid: Some(status.pid),
        uptime_seconds: status.uptime_seconds,
    }
}

fn silent(socket: &Path) -> Option<Line> {
    let trace = Trace::of(socket)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Some(Line {
        source: text(&trace.source),
        mountpoint: text(&trace.mount),
        stage: "silent".to_owned(),
        pid: Some(trace.pid),
        ..Line::default()
    })
}

fn dead(place: &Place) -> Line {
    Line {
        source: place.source.to_string_lossy().into_owned(),
        mountpoint: place.mountpoint.to_string_lossy().into_owned(),
        stage: "dead".to_owned(),
        pid: place.trace.as_ref().map(|trace| trace.pid),
        ..Line::default()
    }
}

fn shown(mounts: &[Line]) -> String {
    let head = ["SOURCE", "MOUNT POINT", "STAGE", "MODE", "COHERENCE", "PROFILE", "PID", "UP"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(mounts.iter().map(|mount| {
        let up = Duration::try_from_secs_f64(mount.uptime_seconds).unwrap_or_default();
        [
            plain(&mount.source).into_owned(),
            plain(&mount.mountpoint).into_owned(),
            mount.stage.clone(),
            or_dash(&mount.mode),
            or_dash(&mount.coherence),
            or_dash(&mount.profile),
            mount.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            if up.is_zero() { "-".to_owned() } else { HumanDuration(up).to_string() },
        ]
    }));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let cells = |row: &[String; 8]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(cells).collect::<Vec<_>>().join("\n")
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_stand_in_columns() {
        let mount = Line {
            source: "/a".into(),
            mountpoint: "/m\n".into(),
            stage: "dead".into(),
            pid: Some(7),
            ..Line::default()
        };
        let text = shown(&[mount]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0].find("PID"), lines[1].find('7'), "{text}");
        assert!(lines[1].starts_with("/a      /m\\n"), "{text}");
    }
}
