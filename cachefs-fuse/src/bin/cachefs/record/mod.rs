//! `record`: writes down what is used on a mount, for `warm --replay`.

pub(crate) mod sheet;
mod watch;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};

use crate::exit::Exit;
use crate::out::Out;
use crate::span::span;
use crate::target::Target;
use crate::trouble::Trouble;
use sheet::Sheet;
use watch::Watch;

pub(crate) fn arguments(command: Command) -> Command {
    let output = Arg::new("output").short('o').long("output").value_name("FILE").required(true);
    let time = Arg::new("for").long("for").value_name("TIME").value_parser(span).conflicts_with("command");
    let program = Arg::new("command").value_name("COMMAND").num_args(1..).last(true);
    command
        .arg(
            output
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("Where to write it; see docs/warming.md for what is in it."),
        )
        .arg(time.help("Stop after so long; otherwise ^C stops it."))
        .arg(crate::mount_argument())
        .arg(
            program
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::CommandWithArguments)
                .help("Run this, and stop when it ends."),
        )
}

/// What was recorded.
#[derive(Debug, Serialize)]
struct Recorded {
    /// Lines written.
    lines: u64,
    /// Times that something was missed because too much happened at once.
    overflows: u64,
    /// Files that were gone, or not to be opened, before their names were known.
    unnamed: u64,
    /// How the command ended, if there was one.
    command: Option<i32>,
    seconds: f64,
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let path = matches.get_one::<PathBuf>("path").map_or(Path::new("."), PathBuf::as_path);
    let file = matches.get_one::<PathBuf>("output").ok_or_else(|| Trouble::usage("give a file: -o FILE"))?;
    let (_, mountpoint) = Target::served(path)?;
    let cannot = |error: io::Error| Trouble::failed(format!("{} cannot be written: {error}", file.display()));
    let mut watch = Watch::of(&mountpoint)?;
    let mut sheet = File::create(file).and_then(Sheet::new).map_err(cannot)?;
    let began = Instant::now();
    let mut end = End::new(matches, began)?;
    loop {
        // What happened before the end is in the queue by then.
        let is_over = end.is_over()?;
        watch.drain(|path, uses| sheet.note(path, uses).map_err(cannot))?;
        if is_over {
            break;
        }
        end.wait(&watch)?;
    }
    if watch.overflows > 0 {
        sheet.remark("too much happened at once: something is missing").map_err(cannot)?;
    }
    sheet.finish().map_err(cannot)?;
    let recorded = Recorded {
        lines: sheet.lines,
        overflows: watch.overflows,
        unnamed: watch.unnamed,
        command: end.status.map(|status| status.code().unwrap_or(-1)),
        seconds: began.elapsed().as_secs_f64(),
    };
    let failed = end.status.is_some_and(|status| !status.success());
    // Standard output is the command's.
    if !out.is_json() {
        out.note(&shown(&recorded, end.status));
    }
    out.end(if failed { Exit::Failed } else { Exit::Done }, &recorded, "")
}

fn shown(recorded: &Recorded, status: Option<ExitStatus>) -> String {
    let mut text = format!("{} lines in {:.1} s", recorded.lines, recorded.seconds);
    if recorded.overflows > 0 {
        text += "; too much happened at once: something is missing";
    }
    if let Some(status) = status.filter(|status| !status.success()) {
        text += &format!("; the command failed ({status})");
    }
    text
}

/// When to stop.
#[derive(Debug)]
struct End {
    /// Readable after a signal.
    signalled: UnixStream,
    interrupt: Arc<AtomicBool>,
    terminate: Arc<AtomicBool>,
    child: Option<Child>,
    status: Option<ExitStatus>,
    until: Option<Instant>,
}

impl End {
    fn new(matches: &ArgMatches, began: Instant) -> Result<Self, Trouble> {
        let cannot = |error| Trouble::failed(format!("signals cannot be handled: {error}"));
        let (signalled, interrupt, terminate) = signals().map_err(cannot)?;
        let mut words = matches.get_many::<OsString>("command").into_iter().flatten();
        let child = words.next().map(|program| {
            let spawned = Process::new(program).args(words).spawn();
            let shown = Path::new(program).display();
            spawned.map_err(|error| Trouble::failed(format!("{shown} cannot be run: {error}")))
        });
        let until = matches.get_one::<Duration>("for").and_then(|time| began.checked_add(*time));
        Ok(Self { signalled, interrupt, terminate, child: child.transpose()?, status: None, until })
    }

    /// A command hears of ^C itself, and ends when it likes.
    fn is_over(&mut self) -> Result<bool, Trouble> {
        if let Some(child) = &mut self.child {
            let cannot = |error| Trouble::failed(format!("the command cannot be waited for: {error}"));
            self.status = child.try_wait().map_err(cannot)?;
        }
        let interrupted = self.child.is_none() && self.interrupt.load(Ordering::SeqCst);
        let late = self.until.is_some_and(|until| Instant::now() >= until);
        Ok(interrupted || late || self.status.is_some() || self.terminate.load(Ordering::SeqCst))
    }

    fn wait(&mut self, watch: &Watch) -> Result<(), Trouble> {
        let timeout = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        let mut polled = [
            PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.signalled.as_fd(), PollFlags::IN),
        ];
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Trouble::failed(format!("nothing can be waited for: {error}"))),
        }
        // Emptied: its state is looked at next.
        _ = rustix::io::read(&self.signalled, &mut [0; 64]);
        Ok(())
    }
}

fn signals() -> io::Result<(UnixStream, Arc<AtomicBool>, Arc<AtomicBool>)> {
    let (signalled, told) = UnixStream::pair()?;
    signalled.set_nonblocking(true)?;
    let (interrupt, terminate) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    // The flags first: who is woken finds them set.
    signal_hook::flag::register(SIGINT, Arc::clone(&interrupt))?;
    signal_hook::flag::register(SIGTERM, Arc::clone(&terminate))?;
    for signal in [SIGINT, SIGTERM, SIGCHLD] {
        signal_hook::low_level::pipe::register(signal, told.try_clone()?)?;
    }
    Ok((signalled, interrupt, terminate))
}
