use plotters::coord::Shift;
use plotters::prelude::*;

use super::ink::{INK, series};
use super::{Chart, FONT, TITLE, WIDTH, drawn};
use crate::Result;

/// Pixels of a line of the legend.
const LINE: i32 = 20;
/// Pixels of a letter, about.
const LETTER: i32 = 8;
/// Where the first line of the legend begins.
const TOP: i32 = 44;

/// How high title and legend are.
pub(super) fn height(chart: &Chart<'_>) -> u32 {
    let end = places(chart).last().map_or(TOP, |(_, y)| *y);
    u32::try_from(end + LINE).unwrap_or(0)
}

/// The title, and the names of the series beneath it.
pub(super) fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, chart: &Chart<'_>) -> Result<()> {
    drawn(area.draw(&Text::new(chart.title.to_owned(), (16, 12), TITLE.into_font().color(&INK))))?;
    for (number, (entry, (x, y))) in chart.series.iter().zip(places(chart)).enumerate() {
        drawn(area.draw(&Circle::new((x, y), 5, series(number).filled())))?;
        let text = Text::new(entry.name.clone(), (x + 10, y - 7), FONT.into_font().color(&INK));
        drawn(area.draw(&text))?;
    }
    Ok(())
}

fn places(chart: &Chart<'_>) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (24, TOP);
    let mut places = Vec::new();
    for entry in &chart.series {
        let width = LETTER * i32::try_from(entry.name.len()).unwrap_or(0) + 32;
        if x + width > i32::try_from(WIDTH).unwrap_or(i32::MAX) {
            (x, y) = (24, y + LINE);
        }
        places.push((x, y));
        x += width;
    }
    places
}
