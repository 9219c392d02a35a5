use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use cachefs_fuse::control::{Dirty, Left, Status, plain};
use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::inside::within;
use crate::out::Out;
use crate::path_status;
use crate::target::{Target, ask_status};
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let path = Arg::new("path").value_name("MNT").required(true).value_parser(value_parser!(PathBuf));
    command.arg(path.value_hint(ValueHint::AnyPath).help("The mount, or a file or directory within it."))
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let (mut client, mountpoint) = Target::served(&path)?;
    let status = ask_status(&mut client)?;
    // Of the mount itself it tells without being asked for the path, also while its source hangs.
    let absolute = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
    let inside = if absolute == mountpoint { String::new() } else { within(&path, &mountpoint)? };
    match inside.is_empty() {
        true => out.end(Exit::Done, &status, &shown(&status)),
        false => path_status::run(Asked::at(&path, out)?, inside, out),
    }
}

/// For people.
pub(crate) fn shown(status: &Status) -> String {
    let mut text = format!(
        "{} on {}: {} by process {}, mode {}, profile {}, coherence {}\n",
        plain(&status.source),
        plain(&status.mountpoint),
        status.stage,
        status.pid,
        status.mode,
        status.profile,
        status.coherence
    );
    if status.assume_no_growth {
        text.push_str("growth        by nobody else (--assume-no-growth)\n");
    }
    let memory = (HumanBytes(status.memory_bytes), HumanBytes(status.memory_max_bytes));
    _ = write!(text, "memory        {} of {}", memory.0, memory.1);
    if let Some(dirty) = &status.write_back {
        write_back(&mut text, dirty);
    }
    text
}

fn write_back(text: &mut String, dirty: &Dirty) {
    _ = match dirty.dirty_files {
        0 => write!(text, "\nwaiting       nothing"),
        files => write!(
            text,
            "\nwaiting       {} of {files} files, at most {}; the oldest for {:.1} s",
            HumanBytes(dirty.dirty_bytes),
            HumanBytes(dirty.dirty_max_bytes),
            Duration::try_from_secs_f64(dirty.oldest_dirty_age_seconds).unwrap_or_default().as_secs_f64(),
        ),
    };
    if dirty.dirty_memory_bytes > 0 {
        let memory = (HumanBytes(dirty.dirty_memory_bytes), HumanBytes(dirty.dirty_memory_max_bytes));
        _ = write!(text, "; {} of {} of memory for where they lie", memory.0, memory.1);
    }
    _ = write!(
        text,
        "\njournal       {} of {} in {}; durability {}, sync {}",
        HumanBytes(dirty.journal_bytes),
        HumanBytes(dirty.journal_max_bytes),
        plain(&dirty.journal),
        dirty.durability,
        dirty.sync
    );
    _ = write!(
        text,
        "\nwritten back  {} in {} flushes, {} failed; writers were slowed for {:.1} s",
        HumanBytes(dirty.flushed_bytes),
        dirty.flushes,
        dirty.flush_failures,
        dirty.throttled_seconds
    );
    if dirty.conflicts > 0 {
        _ = write!(
            text,
            "\nconflicts     {}: ours are beside the files that others changed",
            dirty.conflicts
        );
    }
    if dirty.lost_bytes > 0 {
        _ = write!(text, "\nlost          {}", HumanBytes(dirty.lost_bytes));
    }
    if let Some(why) = &dirty.through {
        _ = write!(text, "\nthrough       writes go straight to the source: {}", plain(why));
    }
    if dirty.hanging > 0 {
        let list = list(&dirty.hung);
        _ = write!(text, "\nhanging       {} files that the source does not answer for{list}", dirty.hanging);
    }
    if !dirty.failing.is_empty() {
        _ = write!(text, "\nfailing{}", list(&dirty.failing));
    }
}

/// Files, each on a line of its own.
pub(crate) fn list(files: &[Left]) -> String {
    let mut text = String::new();
    for file in files {
        _ = write!(text, "\n  {}", plain(&file.path));
        if file.bytes > 0 {
            _ = write!(text, " ({})", HumanBytes(file.bytes));
        }
        if let Some(error) = &file.error {
            _ = write!(text, ": {}", plain(error));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_well() {
        let failing = vec![Left { path: "a\n/b".into(), bytes: 2048, error: Some("no space".into()) }];
        let dirty = Dirty {
            dirty_files: 2,
            dirty_bytes: 4096,
            dirty_max_bytes: 1 << 20,
            dirty_memory_bytes: 192,
            dirty_memory_max_bytes: 1 << 20,
            oldest_dirty_age_seconds: 1.25,
            hanging: 1,
            hung: vec![Left { path: "nas/f".into(), bytes: 10, error: None }],
            failing,
            ..Dirty::default()
        };
        let status = Status { source: "/s".into(), write_back: Some(dirty), ..Status::default() };
        let text = shown(&status);
        assert!(
            text.contains(
                "4.00 KiB of 2 files, at most 1.00 MiB; the oldest for 1.2 s; 192 B of 1.00 MiB of memory"
            ),
            "{text}"
        );
        assert!(
            text.contains("hanging       1 files that the source does not answer for\n  nas/f (10 B)"),
            "{text}"
        );
        assert!(text.ends_with("failing\n  a\\n/b (2.00 KiB): no space"), "{text}");
        assert_eq!(shown(&Status::default()).lines().count(), 2);
        let assuming = Status { assume_no_growth: true, ..Status::default() };
        assert!(shown(&assuming).contains("growth        by nobody else (--assume-no-growth)\n"));
    }
}
