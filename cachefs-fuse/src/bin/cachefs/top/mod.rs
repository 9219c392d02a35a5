//! A mount, or all of them, watched in a terminal.

mod draw;
mod model;
mod palette;
mod rates;
mod screen;
mod terminal;
mod watchers;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use crate::exit::Exit;
use crate::out::Out;
use crate::span::span;
use crate::target::Target;
use crate::trouble::Trouble;
use palette::Palette;
use screen::Screen;
use terminal::{Event, Terminal};
use watchers::{News, Watchers};

/// So often it is looked for new mounts.
const LOOK: Duration = Duration::from_secs(5);
/// A mount that says nothing is seen to do so on a screen that is drawn this often.
const REDRAW: Duration = Duration::from_millis(250);

pub(crate) fn arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("path")
                .value_name("MNT")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::DirPath)
                .help("The mount, or any path within it; all mounts of yours if not given."),
        )
        .arg(
            Arg::new("interval")
                .short('i')
                .long("interval")
                .value_name("SEC")
                .value_parser(span)
                .default_value("1s")
                .help("The time between two looks."),
        )
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    if out.is_json() {
        return Err(Trouble::usage("top is a screen for people: cachefs stat -i 1 --json is for programs"));
    }
    terminal::check()?;
    let interval = matches.get_one::<Duration>("interval").copied().unwrap_or(Duration::from_secs(1));
    if interval.is_zero() {
        return Err(Trouble::usage("an interval of no time shows nothing"));
    }
    let path = matches.get_one::<PathBuf>("path");
    if let Some(path) = path {
        // What is no mount is said before the screen is taken.
        Target::served(path)?;
    }
    let mut terminal = Terminal::open()?;
    let shown = show(&mut terminal, path.map(PathBuf::as_path), interval);
    drop(terminal);
    match shown? {
        Some(signal) => terminal::end_by(signal),
        None => Ok(Exit::Done),
    }
}

/// Until a key or a signal ends it; which signal.
fn show(terminal: &mut Terminal, path: Option<&Path>, interval: Duration) -> Result<Option<i32>, Trouble> {
    let mut screen = Screen::new(interval);
    let mut watchers = Watchers::new();
    let palette = Palette::of_environment();
    path.iter().for_each(|path| found(&mut screen, &mut watchers, path.to_path_buf()));
    let (mut next, mut look) = (Instant::now(), Instant::now());
    while !screen.over {
        let now = Instant::now();
        if now >= next {
            watchers.ask();
            next = now + screen.interval;
        }
        if path.is_none() && now >= look {
            watchers.look();
            look = now + LOOK;
        }
        while let Some(news) = watchers.news() {
            match news {
                News::Mount(number, told) => screen.take(number, told.map(|stat| *stat), Instant::now()),
                News::Found(paths) => {
                    paths.into_iter().for_each(|path| found(&mut screen, &mut watchers, path));
                    if screen.mounts.iter().any(|mount| mount.now().is_none()) {
                        next = now;
                    }
                }
            }
        }
        terminal.draw(|frame| draw::screen(frame, &screen, palette, Instant::now()))?;
        match terminal.wait(REDRAW.min(screen.interval))? {
            Event::Key(key) => {
                let before = screen.interval;
                screen.press(key);
                next = if screen.interval == before { next } else { now };
            }
            Event::Signal(signal) => return Ok(Some(signal)),
            Event::Other => {}
        }
    }
    Ok(None)
}

fn found(screen: &mut Screen, watchers: &mut Watchers, path: PathBuf) {
    if screen.found(path.clone()) {
        watchers.watch(&path);
    }
}
