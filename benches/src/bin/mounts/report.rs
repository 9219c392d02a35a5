use std::fmt::Write as _;

use cachefs_benches::aligned;
use cachefs_benches::figures::median;

use crate::comparison::Comparison;
use crate::contender::Kind;
use crate::figures::Figures;
use crate::workload::{Floor, Unit, Workload};

/// Requests per operation that are not worth a word: the scene is opened, a thread starts.
const FEW: f64 = 0.03;

/// The figures as tables that read well as text and as Markdown.
pub(crate) fn tables(comparison: &Comparison<'_>) -> String {
    let mut text = String::new();
    let all: Vec<usize> = (0..comparison.contenders.len()).collect();
    let speed =
        Cells { title: "Speed, native = 1", own: ("floor (stretch)", Row::floors_text), each: Row::speed };
    table(&mut text, comparison, &all, &speed);
    let cost =
        Cells { title: "What one operation costs", own: ("native", Row::native_cost), each: Row::cost };
    table(&mut text, comparison, &all, &cost);
    let ours = all.into_iter().filter(|&at| comparison.contenders[at].kind.is_cachefs()).collect::<Vec<_>>();
    if !ours.is_empty() {
        let title = "Requests to the daemon per operation, and what each costs";
        let requests = Cells { title, own: ("operations", Row::ops), each: Row::requests };
        table(&mut text, comparison, &ours, &requests);
        verbs(&mut text, comparison);
    }
    failures(&mut text, comparison);
    text
}

/// What stands in the columns of a table.
struct Cells<'a> {
    title: &'static str,
    /// A column of the workload's own.
    own: (&'static str, fn(&Row<'a>) -> String),
    /// One for each contender.
    each: fn(&Row<'a>, usize) -> String,
}

/// One workload, all contenders.
struct Row<'a> {
    comparison: &'a Comparison<'a>,
    workload: &'static Workload,
    index: usize,
}

impl Row<'_> {
    fn of(&self, contender: usize) -> &Figures {
        &self.comparison.figures[contender][self.index]
    }

    fn floors_text(&self) -> String {
        let text = |floor: Option<Floor>| floor.map(|floor| floor.to_string());
        match (text(self.workload.floors.pages), text(self.workload.floors.stream)) {
            (Some(pages), Some(stream)) if pages == stream => pages,
            (None, None) => String::new(),
            (pages, stream) => {
                let named = [("pages", pages), ("stream", stream)];
                let named = named.into_iter().filter_map(|(name, text)| Some(format!("{name} {}", text?)));
                named.collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn speed(&self, contender: usize) -> String {
        let Some(ratio) = self.of(contender).ratio() else { return self.nothing(contender) };
        let verdict = floor(self.workload, self.comparison.contenders[contender].kind)
            .map(|floor| format!(" {}", floor.judge(ratio)));
        format!("{ratio:.3}{}", verdict.unwrap_or_default())
    }

    /// Of all the rounds beside whichever contender.
    fn native_cost(&self) -> String {
        let rows = self.comparison.figures.iter();
        let all = rows.filter_map(|row| row[self.index].native_nanos()).collect();
        median(all).map_or_else(String::new, |nanos| cost(self.workload.unit, nanos))
    }

    fn cost(&self, contender: usize) -> String {
        let nanos = self.of(contender).mounted_nanos();
        nanos.map_or_else(|| self.nothing(contender), |nanos| cost(self.workload.unit, nanos))
    }

    /// Measured, by all contenders that tell of requests.
    fn ops(&self) -> String {
        let rows = self.comparison.figures.iter().map(|row| &row[self.index]);
        let told = rows.filter(|figures| figures.requests.is_some());
        told.map(Figures::ops).sum::<u64>().to_string()
    }

    fn requests(&self, contender: usize) -> String {
        let figures = self.of(contender);
        let (Some(per_op), Some(nanos)) = (figures.requests_per_op(), figures.mounted_nanos()) else {
            return self.nothing(contender);
        };
        if per_op < FEW {
            format!("{per_op:.4}")
        } else {
            format!("{per_op:.3}, {:.1} us", nanos / per_op / 1e3)
        }
    }

    fn nothing(&self, contender: usize) -> String {
        (if self.of(contender).failure.is_some() { "failed" } else { "-" }).to_owned()
    }
}

/// What the contender's ratio is held against.
pub(crate) fn floor(workload: &Workload, kind: Kind) -> Option<Floor> {
    match kind {
        Kind::Pages | Kind::PagesNoGrowth => workload.floors.pages,
        Kind::Stream => workload.floors.stream,
        _ => None,
    }
}

fn cost(unit: Unit, nanos: f64) -> String {
    match unit {
        Unit::Micros => format!("{:.2} us", nanos / 1e3),
        Unit::MibPerSecond => format!("{:.0} MiB/s", 1e9 / nanos),
    }
}

/// One line per workload.
fn table<'a>(text: &mut String, comparison: &'a Comparison<'a>, contenders: &[usize], cells: &Cells<'a>) {
    let mut lines = vec![vec!["workload".to_owned(), cells.own.0.to_owned()]];
    lines[0].extend(contenders.iter().map(|&at| comparison.contenders[at].kind.to_string()));
    for (index, &workload) in comparison.workloads.iter().enumerate() {
        let row = Row { comparison, workload, index };
        let mut line = vec![workload.name.to_owned(), (cells.own.1)(&row)];
        line.extend(contenders.iter().map(|&at| (cells.each)(&row, at)));
        lines.push(line);
    }
    let _ = writeln!(text, "\n## {}\n", cells.title);
    aligned(text, &lines);
}

/// Which requests an operation sends, where it sends several kinds.
fn verbs(text: &mut String, comparison: &Comparison<'_>) {
    text.push('\n');
    for (contender, row) in comparison.contenders.iter().zip(&comparison.figures) {
        for (workload, figures) in comparison.workloads.iter().zip(row) {
            let verbs: Vec<_> = figures.verbs_per_op().filter(|(_, rate)| *rate >= FEW).collect();
            if verbs.len() > 1 {
                let told: Vec<_> = verbs.iter().map(|(verb, rate)| format!("{verb} {rate:.2}")).collect();
                let _ = writeln!(text, "- {}, {}: {}", contender.kind, workload.name, told.join(", "));
            }
        }
    }
}

fn failures(text: &mut String, comparison: &Comparison<'_>) {
    for (contender, row) in comparison.contenders.iter().zip(&comparison.figures) {
        for (workload, figures) in comparison.workloads.iter().zip(row) {
            if let Some(failure) = &figures.failure {
                let _ = writeln!(text, "\n{}, {}: {failure}", contender.kind, workload.name);
            }
        }
    }
}
