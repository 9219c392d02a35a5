use plotters::style::RGBColor;

/// Text, axes.
pub(super) const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
/// The lines of the mesh.
pub(super) const MESH: RGBColor = RGBColor(0xD8, 0xDE, 0xE4);
/// What it is drawn on: not see-through, so that a viewer who gets it wrong still can read it.
pub(super) const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

/// The same three on a dark screen.
const DARK: [(&str, &str); 3] = [("#1F2328", "#E6EDF3"), ("#D8DEE4", "#30363D"), ("#FFFFFF", "#0D1117")];

/// Of series; each stands out from white and from black.
const SERIES: [RGBColor; 7] = [
    RGBColor(0x2F, 0x81, 0xF7),
    RGBColor(0xE3, 0x8B, 0x06),
    RGBColor(0x2D, 0xA4, 0x4E),
    RGBColor(0xE5, 0x53, 0x4B),
    RGBColor(0x98, 0x6E, 0xE2),
    RGBColor(0x80, 0x88, 0x90),
    RGBColor(0xD2, 0x5D, 0xAC),
];

pub(super) fn series(number: usize) -> RGBColor {
    SERIES[number % SERIES.len()]
}

/// Adds what a dark screen makes of the colours; tidies up.
pub(super) fn finish(svg: &str) -> String {
    let mut style = String::from("<style>@media (prefers-color-scheme: dark) {");
    for (light, dark) in DARK {
        style += &format!(" [fill=\"{light}\"] {{ fill: {dark} }} [stroke=\"{light}\"] {{ stroke: {dark} }}");
    }
    style += " }</style>";
    let mut text = String::new();
    for line in svg.lines() {
        text += line.trim_end();
        text.push('\n');
        if line.starts_with("<svg") {
            text += &style;
            text.push('\n');
        }
    }
    text
}
