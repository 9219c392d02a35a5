//! What each cache does.

use cachefs_fuse::control::{CacheUse, Stat};
use indicatif::HumanBytes;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Row, Table, Wrap};

use super::super::model::Watched;
use super::super::palette::Palette;
use super::super::rates::{Span, percent};
use super::words;

/// What is counted of a cache.
type Count = fn(&CacheUse) -> u64;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, watched: &Watched, palette: Palette) {
    let Some(now) = watched.now() else { return };
    let span = watched.last_two().and_then(|(before, now)| Span::between(before, now));
    let rows = now.caches.iter().map(|cache| row(cache, span));
    let widths = [15, 9, 9, 10, 10, 12, 12].map(Constraint::Length);
    let head = ["CACHE", "hits now", "ever", "hits /s", "misses /s", "hits", "misses"];
    let height = u16::try_from(now.caches.len() + 2).unwrap_or(u16::MAX);
    let [table, text] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    frame.render_widget(Table::new(rows, widths).header(Row::new(head).style(palette.label())), table);
    frame.render_widget(Paragraph::new(facts(now)).wrap(Wrap { trim: false }), text);
}

fn row(cache: &CacheUse, span: Option<Span<'_>>) -> Row<'static> {
    let of = |stat: &Stat, counted: Count| {
        stat.caches.iter().find(|other| other.cache == cache.cache).map_or(0, counted)
    };
    let (hits, misses): (Count, Count) = (|cache| cache.hits, |cache| cache.misses + cache.bypassed);
    let now =
        span.and_then(|span| percent(span.count(|stat| of(stat, hits)), span.count(|stat| of(stat, misses))));
    let rate = |counted| {
        span.map_or_else(|| "-".to_owned(), |span| words::rate(span.rate(|stat| of(stat, counted))))
    };
    Row::new([
        crate::stat::named(&cache.cache).to_owned(),
        words::percent(now),
        words::percent(percent(hits(cache), misses(cache))),
        rate(hits),
        rate(misses),
        hits(cache).to_string(),
        misses(cache).to_string(),
    ])
}

fn facts(stat: &Stat) -> Vec<Line<'static>> {
    let (held, read, gone) = (&stat.held, &stat.bytes, &stat.evictions);
    let reasons: Vec<String> = (stat.misses.iter().filter(|(_, count)| **count > 0))
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    vec![
        Line::from(format!(
            "held: {} blocks, {} attributes, {} names, {} listing entries, {} files open; the kernel knows {} inodes",
            held.blocks,
            held.attributes,
            held.names,
            held.listing_entries,
            held.handles,
            stat.requests.inodes
        )),
        Line::from(format!(
            "read: {} from memory, {} from the source, {} past the cache",
            HumanBytes(read.hit),
            HumanBytes(read.missed),
            HumanBytes(read.bypassed)
        )),
        Line::from(format!(
            "missed for: {}",
            if reasons.is_empty() { "-".to_owned() } else { reasons.join(", ") }
        )),
        Line::from(format!(
            "evicted: {} blocks, {}; {} times no memory was free",
            gone.blocks,
            HumanBytes(gone.bytes),
            gone.refused
        )),
    ]
}
