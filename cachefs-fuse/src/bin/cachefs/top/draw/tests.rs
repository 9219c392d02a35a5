use std::time::{Duration, Instant};

use cachefs_fuse::control::{CacheUse, OpLatency, Stat, WatchTold};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::super::palette::Palette;
use super::super::screen::Screen;

/// A busy mount after so many seconds.
fn stat(second: u32) -> Stat {
    let mut stat = Stat::default();
    let count = u64::from(second);
    stat.mount.mountpoint = "/mnt/photos".into();
    stat.mount.stage = "serving".into();
    stat.mount.mode = "back".into();
    stat.mount.uptime_seconds = f64::from(second);
    stat.mount.memory_bytes = 64 << 20;
    stat.mount.memory_max_bytes = 512 << 20;
    stat.mount.write_back =
        serde_json::from_str(r#"{"dirty_bytes": 5000, "dirty_files": 2, "oldest_dirty_age_seconds": 7.0}"#)
            .expect("a state of writing back");
    stat.requests.received = count * 1200;
    stat.requests.durations = vec![(16e-6, count * 90), (256e-6, count * 8), (4e-3, count * 2)];
    stat.requests.ops = vec![OpLatency { op: "read".into(), ..OpLatency::default() }];
    stat.requests.ops[0].latency.count = count * 1100;
    stat.caches =
        vec![CacheUse { cache: "data".into(), hits: count * 90, misses: count * 10, ..CacheUse::default() }];
    stat.bytes.hit = count * (9 << 20);
    stat.bytes.missed = count << 20;
    stat.misses.insert("evicted".into(), count);
    stat.coherence.mode = "watch".into();
    stat.coherence.watch = Some(WatchTold { method: "inotify".into(), valid: true, ..WatchTold::default() });
    stat
}

fn watched(seconds: u32, at: Instant) -> Screen {
    let mut screen = Screen::new(Duration::from_secs(1));
    screen.found("/mnt/photos".into());
    (0..=seconds).for_each(|second| screen.take(0, Ok(stat(second)), at));
    screen
}

fn drawn(screen: &Screen, (width, height): (u16, u16), colours: bool, now: Instant) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| super::screen(frame, screen, Palette::new(colours), now)).expect("drawn");
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows =
        buffer.content.chunks(width).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>());
    rows.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(text.contains(part), "no {part:?} in:\n{text}"));
}

fn press(screen: &mut Screen, code: KeyCode) {
    screen.press(KeyEvent::new(code, KeyModifiers::NONE));
}

#[test]
fn the_overview_has_all_that_matters_at_any_size() {
    let now = Instant::now();
    let screen = watched(100, now);
    for size in [(80, 24), (200, 50), (132, 30)] {
        let text = text(&drawn(&screen, size, true, now));
        has(
            &text,
            &[
                "/mnt/photos",
                "serving",
                "1 Overview",
                "requests /s",
                "1200",
                "90.0 %",
                "9.00 MiB",
                "1.00 MiB",
            ],
        );
        has(&text, &["p50", "16us", "p95", "256us", "p99", "4.0ms", "evicted /s", "dirty", "the oldest 7 s"]);
        has(&text, &["watch (inotify) stands", "64.00 MiB of 512.00 MiB", "█", " q  quit", " ?  help"]);
        has(&text, &["What the kernel serves by itself is not seen here"]);
    }
}

#[test]
fn other_pages_show_calls_and_caches_and_mounts() {
    let now = Instant::now();
    let mut screen = watched(10, now);
    press(&mut screen, KeyCode::Char('2'));
    has(&text(&drawn(&screen, (80, 24), true, now)), &["REQUEST", "read", "1100", "SOURCE CALL"]);
    press(&mut screen, KeyCode::Char('3'));
    has(&text(&drawn(&screen, (80, 24), true, now)), &["blocks", "90.0 %", "missed for: evicted 10"]);
    press(&mut screen, KeyCode::Char('4'));
    screen.found("/mnt/other".into());
    has(&text(&drawn(&screen, (80, 24), true, now)), &["/mnt/photos", "1200", "/mnt/other", "up/down"]);
    press(&mut screen, KeyCode::Char('?'));
    has(&text(&drawn(&screen, (80, 24), true, now)), &["hold the numbers", "never comes to it"]);
}

#[test]
fn without_colours_there_is_none() {
    let now = Instant::now();
    let mut screen = watched(10, now);
    screen.take(0, Err("nobody serves it any more".into()), now);
    for page in ['1', '2', '3', '4'] {
        press(&mut screen, KeyCode::Char(page));
        let coloured = |buffer: &Buffer| {
            buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
        };
        assert!(coloured(&drawn(&screen, (80, 24), true, now)), "page {page}");
        assert!(!coloured(&drawn(&screen, (80, 24), false, now)), "page {page}");
    }
}

#[test]
fn one_that_is_silent_gone_or_unknown_is_shown_so() {
    let now = Instant::now();
    let mut screen = watched(10, now);
    let later = now + Duration::from_secs(12);
    has(&text(&drawn(&screen, (80, 24), true, later)), &["SILENT for 12 s", "1200"]);
    screen.take(0, Err("nobody serves the mount any more".into()), now);
    has(&text(&drawn(&screen, (80, 24), true, now)), &["GONE", "nobody serves the mount any more", "1200"]);
    press(&mut screen, KeyCode::Char('p'));
    has(&text(&drawn(&screen, (80, 24), true, later)), &["PAUSED", " p  go on"]);
    let mut empty = Screen::new(Duration::from_secs(1));
    has(&text(&drawn(&empty, (80, 24), true, now)), &["No mounts of yours yet"]);
    empty.found("/mnt/new".into());
    has(&text(&drawn(&empty, (80, 24), true, now)), &["Waiting for an answer from /mnt/new"]);
}

#[test]
fn no_size_is_too_small() {
    let now = Instant::now();
    let mut screen = watched(10, now);
    for code in ['1', '2', '3', '4', '?'] {
        press(&mut screen, KeyCode::Char(code));
        for size in [(1, 1), (3, 2), (10, 5), (40, 8), (500, 3), (2, 100)] {
            drawn(&screen, size, true, now);
        }
    }
}
