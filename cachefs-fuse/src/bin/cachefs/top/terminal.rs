use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ratatui::crossterm::event::{self, KeyEvent, KeyEventKind};
use ratatui::{DefaultTerminal, Frame};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::exit::Exit;
use crate::trouble::Trouble;

/// What ends the screen from outside.
const SIGNALS: [i32; 4] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];

/// The terminal as long as the screen has it. Dropping it gives it back as it was; a panic does so, too.
pub(super) struct Terminal {
    screen: DefaultTerminal,
    /// The signal that came; 0: none.
    signal: Arc<AtomicUsize>,
}

/// What was waited for.
#[derive(Debug)]
pub(super) enum Event {
    Key(KeyEvent),
    /// Its number.
    Signal(i32),
    /// Nothing in time, or nothing but a new size.
    Other,
}

/// # Errors
/// Usage, where nobody looks.
pub(super) fn check() -> Result<(), Trouble> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Ok(());
    }
    Err(Trouble::usage("top needs a terminal: cachefs stat, or stat -i 1, prints its numbers anywhere"))
}

impl Terminal {
    /// Takes it over.
    ///
    /// # Errors
    /// What the terminal cannot do.
    pub(super) fn open() -> Result<Self, Trouble> {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in SIGNALS {
            let value = usize::try_from(number).unwrap_or(0);
            signal_hook::flag::register_usize(number, Arc::clone(&signal), value)
                .map_err(|error| broken(&error))?;
        }
        let screen = ratatui::try_init().map_err(|error| {
            ratatui::restore();
            broken(&error)
        })?;
        Ok(Self { screen, signal })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Trouble> {
        self.screen.draw(draw).map(drop).map_err(|error| broken(&error))
    }

    /// A key or a signal; waits no longer than this, a signal may have to wait so long.
    pub(super) fn wait(&self, longest: Duration) -> Result<Event, Trouble> {
        let ready = match event::poll(longest) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
            ready => ready.map_err(|error| broken(&error))?,
        };
        if let Ok(signal @ 1..) = i32::try_from(self.signal.load(Ordering::Relaxed)) {
            return Ok(Event::Signal(signal));
        }
        if !ready {
            return Ok(Event::Other);
        }
        match event::read().map_err(|error| broken(&error))? {
            event::Event::Key(key) if key.kind != KeyEventKind::Release => Ok(Event::Key(key)),
            _ => Ok(Event::Other),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Ends as if the signal had not been caught, so that whoever waits for the program knows.
///
/// # Errors
/// If the signal ends nobody.
pub(super) fn end_by(signal: i32) -> Result<Exit, Trouble> {
    signal_hook::low_level::emulate_default_handler(signal)
        .map(|()| Exit::Failed)
        .map_err(|error| Trouble::failed(format!("signal {signal} came: {error}")))
}

fn broken(error: &io::Error) -> Trouble {
    Trouble::failed(format!("the terminal cannot be used: {error}"))
}
