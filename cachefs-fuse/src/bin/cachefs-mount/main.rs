//! `cachefs-mount SRC MNT`: mounts a cached view of a directory. Called `mount.cachefs` it is what mount(8) calls for a
//! line of fstab.

mod daemon;
mod exporter;
mod failure;
mod flags;
mod helper;
mod mount_table;
mod places;
mod rights;
mod warm;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use daemon::{Reread, Voice, Word, guardian, launch};
use failure::Failure;
use flags::{Machine, Surroundings, Wish};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let mut arguments: Vec<OsString> = arguments.collect();
    if guardian::is_called(arguments.first().map(OsString::as_os_str)) {
        return guardian::keep_guard(arguments.into_iter().skip(1)).into();
    }
    if flags::pages::are_called(arguments.first().map(OsString::as_os_str)) {
        return pages(arguments.get(1));
    }
    let voice = if arguments.first().is_some_and(|first| first == launch::ARGUMENT) {
        arguments.remove(0);
        Voice::Pipe
    } else {
        Voice::Terminal
    };
    let done = if helper::is_called(&name) { help(arguments) } else { run(arguments, voice) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Who closed the other end does not want to hear it.
            _ = voice.say(&Word::Failed(failure.clone()));
            failure.code().into()
        }
    }
}

/// Does what mount(8) wants.
fn help(arguments: Vec<OsString>) -> Result<(), Failure> {
    let call = helper::read(arguments)?;
    if !call.fake {
        return run(call.arguments, Voice::Terminal);
    }
    let variable = |name: &str| std::env::var_os(name);
    let around = Surroundings::new(machine(), &variable);
    flags::read(call.arguments, &variable, &around).map(drop).map_err(Failure::usage)
}

/// Prints what `cachefs` makes completions and pages for man of.
fn pages(what: Option<&OsString>) -> ExitCode {
    let made = flags::pages::make(what.map(OsString::as_os_str));
    match made.and_then(|text| std::io::stdout().write_all(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            _ = Voice::Terminal.say(&Word::Failed(Failure::usage(error.to_string())));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<OsString>, voice: Voice) -> Result<(), Failure> {
    let variable = |name: &str| std::env::var_os(name);
    let around = Surroundings::new(machine(), &variable);
    let wish = flags::read(arguments.iter().cloned(), &variable, &around).map_err(Failure::usage)?;
    match wish {
        Wish::Show(text) => std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Failure::system(format!("nothing can be printed: {error}"))),
        Wish::Mount(config) if voice == Voice::Terminal && !config.foreground => launch::launch(arguments),
        Wish::Mount(config) => daemon::run(&config, voice, reread(arguments, around)),
    }
}

/// Reads the same command line once more, where it was read first, over what files say by then.
fn reread(arguments: Vec<OsString>, around: Surroundings) -> Reread {
    Box::new(move || {
        let variable = |name: &str| std::env::var_os(name);
        match flags::read(arguments.iter().cloned(), &variable, &around)? {
            Wish::Mount(config) => Ok(*config),
            Wish::Show(_) => Err("the command line asks for no mount".to_owned()),
        }
    })
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
