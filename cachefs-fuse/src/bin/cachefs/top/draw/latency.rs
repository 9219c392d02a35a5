//! How long each kind of call takes.

use cachefs_fuse::control::{Latency, OpLatency, Stat};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Row, Table};

use super::super::model::Watched;
use super::super::palette::Palette;
use super::super::rates::Span;
use super::words;
use crate::stat::time;

const WIDTHS: [Constraint; 6] = [
    Constraint::Length(16),
    Constraint::Length(8),
    Constraint::Length(8),
    Constraint::Length(8),
    Constraint::Length(8),
    Constraint::Length(12),
];

/// A list of calls in an answer.
type Ops = fn(&Stat) -> &[OpLatency];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, watched: &Watched, palette: Palette) {
    let Some(now) = watched.now() else { return };
    let requests = table("REQUEST", watched, |stat| &stat.requests.ops, palette, Some(&now.requests.all));
    let source = table("SOURCE CALL", watched, |stat| &stat.source.ops, palette, None);
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [one, other] = match area.width >= 140 {
        true => Layout::horizontal(halves).spacing(2).areas(area),
        false => Layout::vertical(halves).areas(area),
    };
    frame.render_widget(requests, one);
    frame.render_widget(source, other);
}

/// The most frequent first; quantiles are since it was mounted.
fn table(
    title: &'static str,
    watched: &Watched,
    ops: Ops,
    palette: Palette,
    all: Option<&Latency>,
) -> Table<'static> {
    let mut of: Vec<&OpLatency> = watched.now().map(|now| ops(now).iter().collect()).unwrap_or_default();
    of.sort_by_key(|op| std::cmp::Reverse(op.latency.count));
    let span = watched.last_two().and_then(|(before, now)| Span::between(before, now));
    let rate = |name: &str| {
        let counted =
            |stat: &Stat| ops(stat).iter().find(|op| op.op == name).map_or(0, |op| op.latency.count);
        span.map_or_else(|| "-".to_owned(), |span| words::rate(span.rate(counted)))
    };
    let all = all.map(|all| row("all".to_owned(), String::new(), all).style(palette.strong()));
    let rows = of.iter().map(|op| row(op.op.clone(), rate(&op.op), &op.latency));
    let head = Row::new([title, "/s", "p50", "p95", "p99", "since mount"]).style(palette.label());
    Table::new(all.into_iter().chain(rows), WIDTHS).header(head)
}

fn row(name: String, rate: String, latency: &Latency) -> Row<'static> {
    let at = |seconds| time(Some(seconds));
    let quantiles = [latency.p50_seconds, latency.p95_seconds, latency.p99_seconds].map(at);
    let [p50, p95, p99] = quantiles;
    Row::new([name, rate, p50, p95, p99, latency.count.to_string()])
}
