use std::fmt::Write;
use std::path::PathBuf;

use cachefs_fuse::control::{Queue, QueueArguments, plain};
use clap::{Arg, ArgMatches, Command, value_parser};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::mount_argument;
use crate::out::Out;
use crate::trouble::Trouble;

pub(crate) fn arguments(command: Command) -> Command {
    let max = Arg::new("max").short('n').long("max").value_name("FILES").value_parser(value_parser!(u64));
    command.arg(mount_argument()).arg(max.help("How many files to name at most, the oldest first."))
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").cloned().unwrap_or_default();
    let arguments = QueueArguments { max: matches.get_one("max").copied() };
    let queue: Queue = Asked::at(&path, out)?.ask("queue", &arguments, |_| ())?;
    out.end(Exit::Done, &queue, &shown(&queue))
}

fn shown(queue: &Queue) -> String {
    if queue.dirty_files == 0 {
        return "nothing waits to be written to the source".to_owned();
    }
    let mut text = format!("{} of {} files wait", HumanBytes(queue.dirty_bytes), queue.dirty_files);
    for file in &queue.files {
        let bytes = HumanBytes(file.bytes).to_string();
        _ = write!(text, "\n{:>9.1} s  {bytes:>12}  {}", file.age_seconds, plain(&file.path));
        if file.hangs {
            text.push_str("  (the source does not answer)");
        }
        if let Some(error) = &file.error {
            _ = write!(text, "  ({})", plain(error));
        }
    }
    let unnamed = queue.dirty_files.saturating_sub(queue.files.len() as u64);
    if unnamed > 0 {
        _ = write!(text, "\nand {unnamed} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use cachefs_fuse::control::Waiting;

    use super::*;

    #[test]
    fn what_waits_is_named() {
        assert_eq!(shown(&Queue::default()), "nothing waits to be written to the source");
        let file = Waiting {
            path: "a\nb".into(),
            bytes: 2048,
            age_seconds: 1.25,
            hangs: true,
            error: Some("no space".into()),
        };
        let text = shown(&Queue { dirty_files: 2, dirty_bytes: 4096, files: vec![file] });
        let line = "      1.2 s      2.00 KiB  a\\nb  (the source does not answer)  (no space)";
        assert_eq!(text, format!("4.00 KiB of 2 files wait\n{line}\nand 1 more"));
    }
}
