//! What `status` says of a path within a mount.

use std::fmt::Write;
use std::time::Duration;

use cachefs_fuse::control::{FileStatus, PathArguments, plain};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn run(mut asked: Asked<'_>, inside: String, out: &Out) -> Result<Exit, Trouble> {
    let status: FileStatus = asked.ask("file", &PathArguments { path: inside }, |_| ())?;
    let exit = if status.errors > 0 { Exit::Failed } else { Exit::Done };
    out.end(exit, &status, &shown(&status))
}

fn shown(status: &FileStatus) -> String {
    let mut text = format!(
        "{}: {}\ncached        {:.0} %, {} of {}",
        plain(&status.path),
        status.kind,
        status.cached_percent,
        HumanBytes(status.cached_bytes),
        HumanBytes(status.size_bytes)
    );
    if status.kind == "dir" {
        _ = write!(text, ", {} of {} files", status.files_cached, status.files);
    }
    if status.cut {
        text.push_str("; there are more files, which were not looked at");
    }
    text.push_str("; what the kernel holds beside that is not seen here");
    _ = write!(text, "\nwaiting       {}", HumanBytes(status.dirty_bytes));
    if status.pinned_files > 0 {
        let (files, bytes) = (status.pinned_files, HumanBytes(status.pinned_bytes));
        _ = write!(
            text,
            "\npinned        {files} {}, {bytes} of memory",
            if files == 1 { "file" } else { "files" }
        );
    }
    _ = write!(text, "\npolicy        {}", status.policy);
    if let Some(version) = &status.version {
        let age = Duration::try_from_secs_f64(version.mtime_seconds).ok();
        let age = age.and_then(|since| std::time::UNIX_EPOCH.checked_add(since)?.elapsed().ok());
        let age = age.map_or_else(String::new, |age| format!(" ({} ago)", indicatif::HumanDuration(age)));
        _ = write!(
            text,
            "\nversion       {} bytes, contents changed at {:.9}{age}, attributes at {:.9}",
            version.size, version.mtime_seconds, version.ctime_seconds
        );
    }
    if status.errors > 0 {
        _ = write!(text, "\nerrors        {} names could not be looked at", status.errors);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_reads_well() {
        let status = FileStatus {
            path: "d".into(),
            kind: "dir".into(),
            files: 4,
            files_cached: 2,
            size_bytes: 4096,
            cached_bytes: 1024,
            cached_percent: 25.0,
            policy: "lru".into(),
            ..FileStatus::default()
        };
        let text = shown(&status);
        assert!(text.contains("25 %, 1.00 KiB of 4.00 KiB, 2 of 4 files; what the kernel"), "{text}");
        assert!(text.ends_with("waiting       0 B\npolicy        lru"), "{text}");
    }
}
