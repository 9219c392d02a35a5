//! All mounts, to choose one.

use std::time::Instant;

use cachefs_fuse::control::plain;
use indicatif::HumanBytes;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::widgets::{Row, Table, TableState};

use super::super::model::Watched;
use super::super::palette::Palette;
use super::super::screen::Screen;
use super::{state, words};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, screen: &Screen, palette: Palette, now: Instant) {
    let rows = screen.mounts.iter().map(|watched| {
        let (text, well) = state(watched, screen, now);
        let row = row(watched, text);
        if well { row } else { row.style(palette.bad()) }
    });
    let widths = [
        Constraint::Fill(2),
        Constraint::Length(16),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Length(12),
        Constraint::Length(12),
    ];
    let head = Row::new(["MOUNT POINT", "STATE", "req /s", "hits", "memory", "dirty"]).style(palette.label());
    let table = Table::new(rows, widths).header(head).row_highlight_style(palette.chosen());
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(screen.chosen));
}

fn row(watched: &Watched, state: String) -> Row<'static> {
    let place = watched.mountpoint().display().to_string();
    let rates = watched.rates().copied().unwrap_or_default();
    let (memory, dirty) = watched.now().map_or((0, 0), |stat| {
        (stat.mount.memory_bytes, stat.mount.write_back.as_ref().map_or(0, |back| back.dirty_bytes))
    });
    Row::new([
        plain(&place).into_owned(),
        state,
        words::rate(rates.requests),
        words::percent(rates.hit_percent),
        HumanBytes(memory).to_string(),
        HumanBytes(dirty).to_string(),
    ])
}
