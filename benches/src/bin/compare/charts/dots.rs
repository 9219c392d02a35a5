use plotters::prelude::*;

use super::ink::{INK, MESH, PAPER, finish, series};
use super::{Chart, FONT, WIDTH, drawn, label, legend};
use crate::Result;

/// Pixels of a row.
const ROW: u32 = 26;

/// A row for each case, a dot in it for each contender; values from left to right.
pub(crate) fn draw(chart: &Chart<'_>) -> Result<String> {
    let (low, high) = chart.range().ok_or("a chart of nothing")?;
    let rows = chart.rows.len();
    let top = legend::height(chart);
    let height = top + ROW * u32::try_from(rows)? + 70;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        drawn(root.fill(&PAPER))?;
        let (head, body) = root.split_vertically(top);
        legend::draw(&head, chart)?;
        let widest = chart.rows.iter().map(String::len).max().unwrap_or(0);
        let mut plot = drawn(
            ChartBuilder::on(&body)
                .margin_right(24)
                .x_label_area_size(48)
                .y_label_area_size(u32::try_from(8 * widest)? + 24)
                .build_cartesian_2d((low..high).log_scale(), (0..rows.max(2) - 1).into_segmented()),
        )?;
        let names = |place: &SegmentValue<usize>| match place {
            SegmentValue::CenterOf(row) => {
                let from_above = (rows - 1).checked_sub(*row);
                from_above.map_or_else(String::new, |row| chart.rows[row].clone())
            }
            _ => String::new(),
        };
        let mut mesh = plot.configure_mesh();
        mesh.x_desc(chart.values).y_labels(rows).y_label_formatter(&names);
        mesh.x_label_formatter(&|value| label(*value)).label_style(FONT.into_font().color(&INK));
        mesh.axis_style(INK).bold_line_style(MESH).light_line_style(TRANSPARENT);
        drawn(mesh.draw())?;
        for (number, entry) in chart.series.iter().enumerate().rev() {
            let dots = entry.values.iter().enumerate().filter_map(|(row, value)| {
                let place = SegmentValue::CenterOf(rows - 1 - row);
                value.map(|value| Circle::new((value, place), 5, series(number).filled()))
            });
            drawn(plot.draw_series(dots))?;
        }
        drawn(root.present())?;
    }
    Ok(finish(&svg))
}
