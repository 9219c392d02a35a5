//! The page one looks at: what goes on, over the last minutes.

use cachefs_fuse::control::{Stat, plain};
use indicatif::HumanBytes;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::super::model::Watched;
use super::super::palette::Palette;
use super::super::rates::Rates;
use super::words;
use crate::stat::{time, whole};

/// From here on the state stands beside the bars, not beneath.
const WIDE: u16 = 130;
/// Of a label and of the number beside it.
const LABEL: u16 = 15;
const NUMBER: u16 = 14;

/// A number over time.
struct Track {
    label: &'static str,
    style: fn(Palette) -> Style,
    /// For the bar; `None`: there is nothing to show.
    height: fn(&Rates) -> Option<f64>,
    text: fn(&Rates) -> String,
    /// What fills the bar; the largest value shown if 0.
    full: u64,
}

const TRACKS: [Track; 12] = [
    Track::of("requests /s", Palette::plain, |r| Some(r.requests), |r| words::rate(r.requests)),
    Track {
        full: 100,
        ..Track::of("hits", Palette::good, |r| r.hit_percent, |r| words::percent(r.hit_percent))
    },
    Track::of("p50", Palette::plain, |r| micros(r.p50), |r| time(r.p50)),
    Track::of("p95", Palette::plain, |r| micros(r.p95), |r| time(r.p95)),
    Track::of("p99", Palette::plain, |r| micros(r.p99), |r| time(r.p99)),
    Track::of("from memory /s", Palette::good, |r| Some(r.from_memory), |r| words::bytes(r.from_memory)),
    Track::of("from source /s", Palette::costly, |r| Some(r.from_source), |r| words::bytes(r.from_source)),
    Track::of("past cache /s", Palette::costly, |r| Some(r.past_cache), |r| words::bytes(r.past_cache)),
    Track::of("source calls /s", Palette::costly, |r| Some(r.source_calls), |r| words::rate(r.source_calls)),
    Track::of("to source /s", Palette::plain, |r| Some(r.source_written), |r| words::bytes(r.source_written)),
    Track::of(
        "dirty",
        Palette::costly,
        |r| Some(whole(r.dirty_bytes)),
        |r| HumanBytes(r.dirty_bytes).to_string(),
    ),
    Track::of("evicted /s", Palette::costly, |r| Some(r.evicted), |r| words::rate(r.evicted)),
];

impl Track {
    const fn of(
        label: &'static str,
        style: fn(Palette) -> Style,
        height: fn(&Rates) -> Option<f64>,
        text: fn(&Rates) -> String,
    ) -> Self {
        Self { label, style, height, text, full: 0 }
    }
}

fn micros(seconds: Option<f64>) -> Option<f64> {
    seconds.map(|seconds| seconds * 1e6)
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, watched: &Watched, palette: Palette) {
    let Some(stat) = watched.now() else { return };
    let lines = state(stat, palette);
    let [tracks, text] = if area.width >= WIDE {
        Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).spacing(3).areas(area)
    } else {
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area)
    };
    draw_tracks(frame, tracks, watched, palette);
    frame.render_widget(Paragraph::new(lines), text);
}

/// As high as there is room, one row at least.
fn draw_tracks(frame: &mut Frame<'_>, area: Rect, watched: &Watched, palette: Palette) {
    let [_, head, rest] = Layout::vertical([
        Constraint::Max(u16::from(area.height > 20)),
        Constraint::Length(1),
        Constraint::Fill(1),
    ])
    .areas(area);
    let count = u16::try_from(TRACKS.len()).unwrap_or(u16::MAX);
    let height = (rest.height / count).clamp(1, 3);
    let bars = usize::from(rest.width.saturating_sub(LABEL + NUMBER + 2));
    let seconds: f64 = watched.recent(bars).map(|rates| rates.seconds).sum();
    let title = match watched.rates() {
        Some(_) => format!("the last {}", words::age(seconds)),
        None => "rates come with the next answer".to_owned(),
    };
    frame.render_widget(Line::styled(title, palette.label()).right_aligned(), head);
    let mut row = Rect { height, ..rest };
    for track in &TRACKS {
        if row.y + height > rest.y + rest.height {
            return;
        }
        draw_track(frame, row, track, watched, palette);
        row.y += height;
    }
}

fn draw_track(frame: &mut Frame<'_>, row: Rect, track: &Track, watched: &Watched, palette: Palette) {
    let columns = [Constraint::Length(LABEL), Constraint::Length(NUMBER), Constraint::Fill(1)];
    let [label, number, bars] = Layout::horizontal(columns).spacing(1).areas(row);
    let base = |area: Rect| Rect { y: area.y + area.height - 1, height: 1, ..area };
    frame.render_widget(Line::styled(track.label, palette.label()), base(label));
    let text = watched.rates().map_or_else(|| "-".to_owned(), track.text);
    frame.render_widget(Line::styled(text, palette.strong()).right_aligned(), base(number));
    let heights: Vec<Option<u64>> =
        watched.recent(usize::from(bars.width)).map(|rates| (track.height)(rates).map(bar)).collect();
    let most = heights.iter().flatten().max().copied().unwrap_or(0);
    let line = Sparkline::default()
        .data(heights.iter().copied())
        .max(if track.full > 0 { track.full } else { most.max(1) })
        .style((track.style)(palette));
    let used = u16::try_from(heights.len()).unwrap_or(bars.width).min(bars.width);
    // The newest at the right, whether there are many or few.
    frame.render_widget(line, Rect { x: bars.x + bars.width - used, width: used, ..bars });
}

/// A little is more than nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "heights of bars")]
fn bar(value: f64) -> u64 {
    value.ceil().max(0.0) as u64
}

/// How it stands now.
fn state(stat: &Stat, palette: Palette) -> Vec<Line<'static>> {
    let mount = &stat.mount;
    let named = |name: &'static str, text: String, well: bool| {
        let style = if well { Style::new() } else { palette.bad() };
        Line::from(vec![Span::styled(format!("{name:10}"), palette.label()), Span::styled(text, style)])
    };
    let (limit, held) = (HumanBytes(mount.memory_max_bytes), HumanBytes(mount.memory_bytes));
    let gone = &stat.evictions;
    let seen = &stat.requests;
    let mut lines = vec![
        named("source", plain(&mount.source).into_owned(), true),
        named(
            "memory",
            format!("{held} of {limit}, {} evicted since it was mounted", HumanBytes(gone.bytes)),
            true,
        ),
    ];
    if let Some(back) = &mount.write_back {
        let well = back.failing.is_empty() && back.hanging == 0 && back.lost_bytes == 0;
        let worse = if well { String::new() } else { ": see cachefs status".to_owned() };
        let text = format!(
            "{} in {} files, the oldest {}; {} conflicts{worse}",
            HumanBytes(back.dirty_bytes),
            back.dirty_files,
            words::age(back.oldest_dirty_age_seconds),
            back.conflicts,
        );
        lines.push(named("dirty", text, well));
    }
    let (text, well) = coherence(stat);
    lines.push(named("coherence", text, well));
    let text = format!(
        "{} in flight, {} errors, {} timed out; source {} in flight, {} errors",
        seen.in_flight, seen.errors, seen.timed_out, stat.source.in_flight, stat.source.errors
    );
    lines.push(named("requests", text, seen.timed_out == 0));
    lines
}

fn coherence(stat: &Stat) -> (String, bool) {
    let told = &stat.coherence;
    match (&told.watch, &told.no_watch) {
        (Some(watch), _) if watch.valid => {
            let covered = match watch.uncovered_dirs {
                0 => String::new(),
                dirs => format!(", {dirs} directories not covered"),
            };
            let text = format!(
                "{} ({}) stands, {} notices, {} overflows{covered}",
                told.mode, watch.method, watch.events, watch.overflows
            );
            (text, watch.uncovered_dirs == 0)
        }
        (Some(watch), _) => {
            let why = watch.why_not.as_deref().unwrap_or("for no known reason");
            (format!("{} ({}) is lost: {}", told.mode, watch.method, plain(why)), false)
        }
        (None, Some(why)) => (format!("{}: no watch ({})", told.mode, plain(why)), true),
        (None, None) => (told.mode.clone(), true),
    }
}
