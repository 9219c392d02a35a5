use std::path::PathBuf;
use std::time::{Duration, Instant};

use cachefs_fuse::control::Stat;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::Watched;
use super::watchers::MOUNTS_MAX;

/// What is between two questions, slower and faster by key.
const INTERVALS: [Duration; 7] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// A page of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Latency,
    Caches,
    Mounts,
}

impl Tab {
    pub(super) const ALL: [Self; 4] = [Self::Overview, Self::Latency, Self::Caches, Self::Mounts];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Latency => "Latency",
            Self::Caches => "Caches",
            Self::Mounts => "Mounts",
        }
    }

    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|tab| *tab == self).unwrap_or(0)
    }

    fn moved(self, by: usize) -> Self {
        Self::ALL[(self.place() + by) % Self::ALL.len()]
    }
}

/// All that the screen shows, and what keys change.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) mounts: Vec<Watched>,
    pub(super) chosen: usize,
    pub(super) tab: Tab,
    pub(super) paused: bool,
    pub(super) help: bool,
    pub(super) over: bool,
    pub(super) interval: Duration,
}

impl Screen {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            mounts: Vec::new(),
            chosen: 0,
            tab: Tab::Overview,
            paused: false,
            help: false,
            over: false,
            interval,
        }
    }

    /// The mount that is looked at.
    pub(super) fn watched(&self) -> Option<&Watched> {
        self.mounts.get(self.chosen)
    }

    /// Takes in a mount that was not known; whether it was not.
    pub(super) fn found(&mut self, path: PathBuf) -> bool {
        let new = !self.mounts.iter().any(|known| known.path == path) && self.mounts.len() < MOUNTS_MAX;
        if new {
            self.mounts.push(Watched::new(path));
        }
        new
    }

    /// Takes in what a mount told; not while the screen stands still.
    pub(super) fn take(&mut self, number: usize, told: Result<Stat, String>, at: Instant) {
        if let Some(watched) = self.mounts.get_mut(number)
            && !self.paused
        {
            watched.take(told, at);
        }
    }

    pub(super) fn press(&mut self, key: KeyEvent) {
        let ends = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        match key.code {
            _ if ends => self.over = true,
            KeyCode::Char('q') => self.over = true,
            // Whatever else is pressed, the help goes away.
            _ if self.help => self.help = false,
            KeyCode::Esc => self.over = true,
            KeyCode::Char('?' | 'h') => self.help = true,
            KeyCode::Char('p' | ' ') => self.paused = !self.paused,
            KeyCode::Char('+' | '=') => self.slower(),
            KeyCode::Char('-') => self.faster(),
            KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => self.tab = self.tab.moved(1),
            KeyCode::BackTab | KeyCode::Left => self.tab = self.tab.moved(Tab::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j' | 'n') => self.choose(1),
            KeyCode::Up | KeyCode::Char('k') => self.choose(self.mounts.len().saturating_sub(1)),
            KeyCode::Enter if self.tab == Tab::Mounts => self.tab = Tab::Overview,
            KeyCode::Char(digit @ '1'..='4') => {
                self.tab = Tab::ALL[(digit as usize - '1' as usize) % Tab::ALL.len()];
            }
            _ => {}
        }
    }

    fn choose(&mut self, further: usize) {
        self.chosen = (self.chosen + further) % self.mounts.len().max(1);
    }

    fn slower(&mut self) {
        let next = INTERVALS.iter().find(|interval| **interval > self.interval);
        self.interval = next.copied().unwrap_or(self.interval);
    }

    fn faster(&mut self) {
        let next = INTERVALS.iter().rfind(|interval| **interval < self.interval);
        self.interval = next.copied().unwrap_or(self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(screen: &mut Screen, code: KeyCode) {
        screen.press(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn keys_do_what_the_footer_says() {
        let mut screen = Screen::new(Duration::from_secs(1));
        press(&mut screen, KeyCode::Tab);
        assert_eq!(screen.tab, Tab::Latency);
        press(&mut screen, KeyCode::BackTab);
        press(&mut screen, KeyCode::BackTab);
        assert_eq!(screen.tab, Tab::Mounts);
        press(&mut screen, KeyCode::Char('3'));
        assert_eq!(screen.tab, Tab::Caches);
        press(&mut screen, KeyCode::Char('+'));
        assert_eq!(screen.interval, Duration::from_secs(2));
        for _ in 0..20 {
            press(&mut screen, KeyCode::Char('-'));
        }
        assert_eq!(screen.interval, INTERVALS[0]);
        press(&mut screen, KeyCode::Char('?'));
        assert!(screen.help);
        press(&mut screen, KeyCode::Esc);
        assert!(!screen.help && !screen.over, "Esc closes the help first");
        press(&mut screen, KeyCode::Char('q'));
        assert!(screen.over);
    }

    #[test]
    fn mounts_are_chosen_in_a_circle_and_are_limited() {
        let mut screen = Screen::new(Duration::from_secs(1));
        press(&mut screen, KeyCode::Down);
        press(&mut screen, KeyCode::Up);
        assert_eq!((screen.chosen, screen.watched().is_none()), (0, true), "none at all");
        assert!(screen.found("/a".into()) && screen.found("/b".into()) && !screen.found("/a".into()));
        press(&mut screen, KeyCode::Up);
        assert_eq!(screen.chosen, 1);
        press(&mut screen, KeyCode::Down);
        assert_eq!(screen.chosen, 0);
        for number in 0..2 * MOUNTS_MAX {
            screen.found(format!("/m{number}").into());
        }
        assert_eq!(screen.mounts.len(), MOUNTS_MAX);
    }

    #[test]
    fn a_paused_screen_stands_still() {
        let mut screen = Screen::new(Duration::from_secs(1));
        screen.found("/a".into());
        press(&mut screen, KeyCode::Char('p'));
        screen.take(0, Ok(Stat::default()), Instant::now());
        assert!(screen.mounts[0].now().is_none());
        press(&mut screen, KeyCode::Char('p'));
        screen.take(0, Ok(Stat::default()), Instant::now());
        assert!(screen.mounts[0].now().is_some());
    }
}
