use plotters::prelude::*;

use super::ink::{INK, MESH, PAPER, finish, series};
use super::{Chart, FONT, WIDTH, drawn, label, legend};
use crate::Result;

/// Pixels of the plot.
const HEIGHT: u32 = 380;

/// A line for each contender over cases that are numbers, both axes logarithmic.
pub(crate) fn draw(chart: &Chart<'_>) -> Result<String> {
    let (low, high) = chart.range().ok_or("a chart of nothing")?;
    let places = chart.rows.iter().map(|row| row.parse::<f64>()).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Err("a chart of nothing".into());
    };
    let top = legend::height(chart);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, top + HEIGHT)).into_drawing_area();
        drawn(root.fill(&PAPER))?;
        let (head, body) = root.split_vertically(top);
        legend::draw(&head, chart)?;
        let across = (first / 1.2..last * 1.2).log_scale().with_key_points(places.clone());
        let mut plot = drawn(
            ChartBuilder::on(&body)
                .margin_left(12)
                .margin_right(36)
                .margin_top(8)
                .x_label_area_size(48)
                .y_label_area_size(76)
                .build_cartesian_2d(across, (low..high).log_scale()),
        )?;
        let (across, upwards) = (|value: &f64| (chart.row_name)(*value), |value: &f64| label(*value));
        let mut mesh = plot.configure_mesh();
        mesh.x_desc(chart.rows_label).y_desc(chart.values).x_label_formatter(&across);
        mesh.y_label_formatter(&upwards).label_style(FONT.into_font().color(&INK));
        mesh.axis_style(INK).bold_line_style(MESH).light_line_style(TRANSPARENT);
        drawn(mesh.draw())?;
        for (number, entry) in chart.series.iter().enumerate().rev() {
            let points: Vec<(f64, f64)> =
                places.iter().zip(&entry.values).filter_map(|(&x, y)| Some((x, (*y)?))).collect();
            let colour = series(number);
            drawn(plot.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2))))?;
            drawn(plot.draw_series(points.into_iter().map(|point| Circle::new(point, 4, colour.filled()))))?;
        }
        drawn(root.present())?;
    }
    Ok(finish(&svg))
}
