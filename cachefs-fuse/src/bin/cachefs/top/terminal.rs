use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ratatui::crossterm::event::{self, KeyEvent, KeyEventKind};
use ratatui::{DefaultTerminal, Frame};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::Exit;
use crate::trouble::Trouble;

/// What ends the screen from outside.
const SIGNALS: [i32; 4] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];

/// How long the screen may take to end by itself.
const HEEDED_WITHIN: Duration = Duration::from_secs(2);

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
        heed(Signals::new(SIGNALS).map_err(|error| broken(&error))?, Arc::clone(&signal))?;
        let screen = ratatui::try_init().map_err(|error| {
            _ = ratatui::try_restore();
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
        _ = ratatui::try_restore();
    }
}

/// Notes which signal comes. Where that does not end the screen, it ends here: of a terminal that is gone, reading
/// never comes back.
fn heed(mut signals: Signals, note: Arc<AtomicUsize>) -> Result<(), Trouble> {
    let heeding = move || {
        for signal in signals.forever() {
            note.store(usize::try_from(signal).unwrap_or(0), Ordering::Relaxed);
            std::thread::sleep(HEEDED_WITHIN);
            _ = ratatui::try_restore();
            _ = end_by(signal);
        }
    };
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(heeding);
    thread.map(drop).map_err(|error| Trouble::failed(format!("no thread for signals: {error}")))
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
