//! What stood in a terminal (`tmux capture-pane -e`), as a picture.

use std::fmt::Write;

/// Of a cell, in the unit of the picture.
const WIDTH: f64 = 8.0;
const HEIGHT: f64 = 17.0;
/// Around all cells.
const MARGIN: f64 = 10.0;
const BACK: &str = "#11161c";
const FRONT: &str = "#d5dde5";
/// Black, red, green, yellow, blue, magenta, cyan, white.
const COLOURS: [&str; 8] =
    ["#11161c", "#ff6b6b", "#5fd38a", "#f0b64c", "#5aa9ff", "#c792ea", "#56c8d8", "#d5dde5"];
const FONT: &str = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    front: Option<usize>,
    bold: bool,
    reversed: bool,
}

impl Look {
    /// As the numbers of an escape sequence (`ESC [ ... m`) have it; what is not used here is passed over.
    fn told(&mut self, numbers: &str) {
        // One of the 256 colours, of which the first are the eight, and the same brighter.
        if let Some(colour) = numbers.strip_prefix("38;5;") {
            self.front = colour.parse::<usize>().ok().filter(|colour| *colour < 16).map(|colour| colour % 8);
            return;
        }
        for number in numbers.split(';').map(|number| number.parse().unwrap_or(0)) {
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                22 => self.bold = false,
                7 => self.reversed = true,
                27 => self.reversed = false,
                30..=37 => self.front = Some(number - 30),
                39 => self.front = None,
                _ => {}
            }
        }
    }

    fn front(self) -> &'static str {
        self.front.map_or(FRONT, |colour| COLOURS[colour])
    }
}

/// Cells beside each other that look alike.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    column: usize,
    text: String,
    look: Look,
}

/// As SVG that needs nothing else.
pub(super) fn svg(screen: &str) -> String {
    let mut look = Look::default();
    let lines: Vec<Vec<Run>> = screen.lines().map(|line| runs(line, &mut look)).collect();
    let columns = lines.iter().filter_map(|line| line.last()).map(Run::end).max().unwrap_or(0);
    let (width, height) = (cells(columns, WIDTH) + 2.0 * MARGIN, cells(lines.len(), HEIGHT) + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"{FONT}\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{BACK}\"/>\n"
    );
    for (row, line) in lines.iter().enumerate() {
        line.iter().for_each(|run| draw(&mut svg, run, MARGIN + cells(row, HEIGHT)));
    }
    svg.push_str("</svg>\n");
    svg
}

impl Run {
    fn end(&self) -> usize {
        self.column + self.text.chars().count()
    }
}

fn runs(line: &str, look: &mut Look) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    let mut rest = line.chars();
    while let Some(char) = rest.next() {
        if char == '\u{1b}' {
            let sequence: String = rest.by_ref().take_while(|char| !char.is_ascii_alphabetic()).collect();
            look.told(sequence.trim_start_matches('['));
            continue;
        }
        match runs.last_mut().filter(|run| run.look == *look && is_bar(&run.text) == bar(char).is_some()) {
            Some(run) => run.text.push(char),
            None => runs.push(Run { column, text: char.to_string(), look: *look }),
        }
        column += 1;
    }
    runs
}

/// How much of a cell a bar fills, from below.
fn bar(char: char) -> Option<f64> {
    ('\u{2581}'..='\u{2588}').contains(&char).then(|| f64::from(u32::from(char) - 0x2580) / 8.0)
}

fn is_bar(text: &str) -> bool {
    text.chars().next().is_some_and(|char| bar(char).is_some())
}

/// Bars as shapes, for fonts leave gaps between them; text stretched to its cells, for fonts differ in width.
fn draw(svg: &mut String, run: &Run, top: f64) {
    let (left, front) = (MARGIN + cells(run.column, WIDTH), run.look.front());
    if is_bar(&run.text) {
        for (place, share) in run.text.chars().filter_map(bar).enumerate() {
            let (left, height) = (left + cells(place, WIDTH), share * HEIGHT);
            let top = top + HEIGHT - height;
            _ = writeln!(svg, "<path fill=\"{front}\" d=\"M{left} {top}h{WIDTH}v{height}h-{WIDTH}z\"/>");
        }
        return;
    }
    let width = cells(run.text.chars().count(), WIDTH);
    let fill = if run.look.reversed {
        _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{front}\"/>"
        );
        BACK
    } else {
        front
    };
    if run.text.trim().is_empty() {
        return;
    }
    let weight = if run.look.bold { " font-weight=\"bold\"" } else { "" };
    let (base, text) = (top + 0.75 * HEIGHT, escaped(&run.text));
    _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{base}\" textLength=\"{width}\" fill=\"{fill}\"{weight} xml:space=\"preserve\">{text}</text>"
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[expect(clippy::cast_precision_loss, reason = "rows and columns of a screen")]
fn cells(count: usize, size: f64) -> f64 {
    count as f64 * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_runs_of_one_look_each() {
        let mut look = Look::default();
        let runs = runs("a\u{1b}[1;32mb<\u{1b}[0m \u{2584}\u{2588}", &mut look);
        let texts: Vec<_> = runs.iter().map(|run| (run.column, run.text.as_str())).collect();
        assert_eq!(texts, [(0, "a"), (1, "b<"), (3, " "), (4, "\u{2584}\u{2588}")]);
        assert_eq!(runs[1].look, Look { front: Some(2), bold: true, reversed: false });
    }

    #[test]
    fn a_picture_has_text_and_bars_and_what_is_reversed() {
        let svg = svg("\u{1b}[7m<q>\u{1b}[27m\n\u{1b}[38;5;3m\u{2584}\n");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert!(
            svg.contains("&lt;q&gt;</text>") && svg.contains("<rect x=\"10\" y=\"10\" width=\"24\""),
            "{svg}"
        );
        assert!(svg.contains("fill=\"#f0b64c\" d=\"M10 35.5h8v8.5h-8z\""), "{svg}");
    }
}
