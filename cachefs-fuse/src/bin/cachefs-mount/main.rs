//! `cachefs-mount SRC MNT`: mounts a cached view of a directory.

mod daemon;
mod exporter;
mod failure;
mod flags;
mod mount_table;
mod places;
mod rights;
mod warm;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use daemon::{Voice, Word, guardian, launch};
use failure::Failure;
use flags::{Config, Machine, Wish};

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if guardian::is_called(arguments.first().map(OsString::as_os_str)) {
        return guardian::keep_guard(arguments.into_iter().skip(1)).into();
    }
    let voice = if arguments.first().is_some_and(|first| first == launch::ARGUMENT) {
        arguments.remove(0);
        Voice::Pipe
    } else {
        Voice::Terminal
    };
    match run(arguments, voice) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Who closed the other end does not want to hear it.
            _ = voice.say(&Word::Failed(failure.clone()));
            failure.code().into()
        }
    }
}

fn run(arguments: Vec<OsString>, voice: Voice) -> Result<(), Failure> {
    let wish = flags::read(arguments.iter().cloned(), |name| std::env::var_os(name), machine())
        .map_err(Failure::usage)?;
    match wish {
        Wish::Show(text) => std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Failure::system(format!("nothing can be printed: {error}"))),
        Wish::Mount(config) => mount(*config, arguments, voice),
    }
}

fn mount(config: Config, arguments: Vec<OsString>, voice: Voice) -> Result<(), Failure> {
    if voice == Voice::Terminal && !config.foreground {
        return launch::launch(arguments);
    }
    daemon::run(&config, voice)
}

/// What this process has to work with; its limit of descriptors is raised as far as it may be.
fn machine() -> Machine {
    let limit = getrlimit(Resource::Nofile);
    // Where raising is refused, the limit stays what it was and is reported as such.
    _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let system = rustix::system::sysinfo();
    Machine {
        memory_bytes: system.totalram.saturating_mul(u64::from(system.mem_unit)),
        descriptors_max: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
    }
}
