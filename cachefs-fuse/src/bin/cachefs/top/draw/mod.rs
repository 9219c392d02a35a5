//! The screen, drawn from what is known.

mod caches;
mod latency;
mod mounts;
mod overview;
mod words;

use std::time::{Duration, Instant};

use cachefs_fuse::control::plain;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Tabs, Wrap};

use super::model::Watched;
use super::palette::Palette;
use super::screen::{Screen, Tab};

/// What would mislead if it were not said.
const UNSEEN: &str = "What the kernel serves by itself is not seen here, and is in no number.";
/// A mount that said nothing for so long, and longer than two intervals, is said to be silent.
const SILENT: Duration = Duration::from_secs(3);
const HELP: &str = "\
q, Esc        end
Tab, 1 to 4   another page
Up, Down      another mount
p, Space      hold the numbers, go on
+ -           look less often, more often
?             this page

Rates are of the last interval, bars of the last minutes, newest at the right.
Hits are those of the mount's own cache: what the kernel serves by itself
never comes to it.";

/// Everything.
pub(super) fn screen(frame: &mut Frame<'_>, screen: &Screen, palette: Palette, now: Instant) {
    let rows = [Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1), Constraint::Length(2)];
    let [head, tabs, body, foot] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(headline(screen, palette, now), head);
    let titles = Tab::ALL.iter().enumerate().map(|(place, tab)| format!("{} {}", place + 1, tab.name()));
    let pages = Tabs::new(titles).select(screen.tab.place()).highlight_style(palette.chosen());
    frame.render_widget(pages, tabs);
    match (screen.tab, screen.watched().filter(|watched| watched.now().is_some())) {
        (Tab::Mounts, _) => mounts::draw(frame, body, screen, palette, now),
        (_, None) => frame.render_widget(nothing(screen), body),
        (Tab::Overview, Some(watched)) => overview::draw(frame, body, watched, palette),
        (Tab::Latency, Some(watched)) => latency::draw(frame, body, watched, palette),
        (Tab::Caches, Some(watched)) => caches::draw(frame, body, watched, palette),
    }
    frame.render_widget(footer(screen, palette), foot);
    if screen.help {
        help(frame, palette);
    }
}

/// Which mount, and how it is.
fn headline<'a>(screen: &'a Screen, palette: Palette, now: Instant) -> Line<'a> {
    let mut parts = vec![Span::styled("cachefs top  ", palette.strong())];
    if let Some(watched) = screen.watched() {
        let place = watched.mountpoint().display().to_string();
        parts.push(Span::styled(plain(&place).into_owned(), palette.strong()));
        if screen.mounts.len() > 1 {
            parts.push(format!(" ({} of {})", screen.chosen + 1, screen.mounts.len()).into());
        }
        let (text, well) = state(watched, screen, now);
        parts.push("  ".into());
        parts.push(Span::styled(text, if well { palette.good() } else { palette.bad() }));
        if let Some(stat) = watched.now() {
            let mount = &stat.mount;
            let settings = [&mount.mode, &mount.policy, &mount.profile].map(String::as_str).join(", ");
            parts.push(format!("  {settings}, up {}", words::age(mount.uptime_seconds)).into());
        }
    }
    Line::from(parts)
}

/// How a mount is, and whether that is well.
fn state(watched: &Watched, screen: &Screen, now: Instant) -> (String, bool) {
    let silent = watched.silent_for(now);
    match (&watched.trouble, silent, watched.now()) {
        _ if screen.paused => ("PAUSED".to_owned(), true),
        (Some(_), ..) => ("GONE".to_owned(), false),
        (None, Some(silent), _) if silent > SILENT.max(2 * screen.interval) => {
            (format!("SILENT for {}", words::age(silent.as_secs_f64())), false)
        }
        (None, _, Some(stat)) => (stat.mount.stage.clone(), stat.mount.stage == "serving"),
        (None, _, None) => ("asked".to_owned(), true),
    }
}

fn nothing(screen: &Screen) -> Paragraph<'_> {
    let text = match screen.watched() {
        None => "No mounts of yours yet: cachefs-mount SOURCE MOUNTPOINT makes one.".to_owned(),
        Some(Watched { trouble: Some(trouble), .. }) => trouble.clone(),
        Some(watched) => format!("Waiting for an answer from {}...", watched.mountpoint().display()),
    };
    Paragraph::new(text).wrap(Wrap { trim: true })
}

/// What it does not show, or what is wrong; and the keys.
fn footer<'a>(screen: &'a Screen, palette: Palette) -> Paragraph<'a> {
    let trouble = screen.watched().and_then(|watched| watched.trouble.as_deref());
    let note = match trouble {
        Some(trouble) => Line::styled(format!("The last numbers it told. {trouble}"), palette.bad()),
        None => Line::from(UNSEEN),
    };
    let pause = if screen.paused { "go on" } else { "pause" };
    let interval = format!("interval {}", words::span(screen.interval));
    let keys = [("q", "quit"), ("tab", "page"), ("p", pause), ("+/-", &interval), ("?", "help")];
    let others = (screen.mounts.len() > 1).then_some(("up/down", "mount"));
    let parts = keys.into_iter().chain(others).flat_map(|(key, does)| {
        [Span::styled(format!(" {key} "), palette.chosen()), Span::from(format!(" {does}  "))]
    });
    Paragraph::new(vec![note, Line::from_iter(parts)])
}

fn help(frame: &mut Frame<'_>, palette: Palette) {
    let area = frame.area();
    let (width, height) = (area.width.min(82), area.height.min(14));
    let area = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    let block = Block::bordered().title("Keys").title_style(palette.strong());
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(HELP).block(block).wrap(Wrap { trim: false }), area);
}

#[cfg(test)]
mod tests;
