use std::fmt::Write as _;

use super::table::policies;
use crate::{Report, Row};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
/// Around the axes: left, right (where the names are), above, below.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 140.0;
const TOP: f64 = 40.0;
const BELOW: f64 = 50.0;
/// Told apart by most who do not see all colours; the dashes tell apart what has the same one.
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#666666"];

/// Miss-ratio curves, a panel for each trace: the size in logarithmic measure to the right, misses upward.
#[must_use]
pub fn svg(reports: &[Report]) -> String {
    let height = HEIGHT * f64::from(u32::try_from(reports.len()).unwrap_or(u32::MAX));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let mut top = 0.0;
    for report in reports {
        let _ = writeln!(text, "<g transform=\"translate(0 {top})\">");
        Panel::new(report).draw(&mut text);
        text.push_str("</g>\n");
        top += HEIGHT;
    }
    text.push_str("</svg>\n");
    text
}

struct Panel<'a> {
    report: &'a Report,
    /// Logarithms of the smallest and the largest size.
    sizes: (f64, f64),
}

impl<'a> Panel<'a> {
    fn new(report: &'a Report) -> Self {
        let logs = || report.rows.iter().map(log_size);
        let (first, last) = (logs().fold(f64::INFINITY, f64::min), logs().fold(0.0, f64::max));
        Self { report, sizes: if first < last { (first, last) } else { (last - 1.0, last + 1.0) } }
    }

    fn x(&self, row: &Row) -> f64 {
        let (first, last) = self.sizes;
        LEFT + (log_size(row) - first) / (last - first) * (WIDTH - LEFT - RIGHT)
    }

    fn y(miss_ratio: f64) -> f64 {
        TOP + (1.0 - miss_ratio) * (HEIGHT - TOP - BELOW)
    }

    fn draw(&self, text: &mut String) {
        self.axes(text);
        for (index, policy) in policies(std::slice::from_ref(self.report)).into_iter().enumerate() {
            self.curve(text, index, policy);
        }
    }

    fn axes(&self, text: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BELOW);
        let title = escaped(&self.report.trace);
        let _ = writeln!(text, "<text x=\"{LEFT}\" y=\"24\" font-size=\"14\">{title}: misses by size</text>");
        for percent in [0, 20, 40, 60, 80, 100] {
            let y = Self::y(f64::from(percent) / 100.0);
            let _ = writeln!(
                text,
                "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.0}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{percent} %</text>",
                LEFT - 6.0,
                y + 4.0,
            );
        }
        let first = self.report.rows.first().map(|row| row.policy);
        let mut free_from = 0.0;
        for row in self.report.rows.iter().filter(|row| Some(row.policy) == first) {
            let x = self.x(row);
            // Names that would overlap are left out.
            let name = if x >= free_from { row.size.as_str() } else { "" };
            if !name.is_empty() {
                free_from = x + 50.0;
            }
            let _ = writeln!(
                text,
                "<path d=\"M{x:.1} {bottom}v4\" stroke=\"#888\"/><text x=\"{x:.1}\" y=\"{:.0}\" \
                 text-anchor=\"middle\">{name}</text>",
                bottom + 18.0,
            );
        }
        let _ = writeln!(
            text,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">size of the cache ({}; in all {})</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 12.0,
            self.report.unit,
            self.report.footprint,
        );
    }

    fn curve(&self, text: &mut String, index: usize, policy: &str) {
        let rows = || self.report.rows.iter().filter(|row| row.policy == policy);
        let dashed = " stroke-dasharray=\"6 3\"";
        let (colour, dash) = match index / COLOURS.len() {
            _ if rows().any(Row::is_optimum) => ("#000", ""),
            0 => (COLOURS[index], ""),
            _ => (COLOURS[index % COLOURS.len()], dashed),
        };
        let points: Vec<String> =
            rows().map(|row| format!("{:.1},{:.1}", self.x(row), Self::y(1.0 - row.hit_ratio))).collect();
        let _ = writeln!(
            text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dash}><title>{policy}\
             </title></polyline>",
            points.join(" "),
        );
        let (x, y) = (WIDTH - RIGHT + 12.0, TOP + 8.0 + 18.0 * f64::from(u32::try_from(index).unwrap_or(0)));
        let _ = writeln!(
            text,
            "<path d=\"M{x} {y}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/><text x=\"{}\" y=\"{}\">{policy}\
             </text>",
            x + 30.0,
            y + 4.0,
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn log_size(row: &Row) -> f64 {
    (row.capacity.max(1) as f64).ln()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
