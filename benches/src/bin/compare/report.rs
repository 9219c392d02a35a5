use std::fmt::Write as _;

use cachefs_benches::figures::Row;
use cachefs_benches::limits::{ENGINE, HITS, POLICIES, WARM_MEMORY, WARM_SLOW};
use cachefs_benches::suite::WORKLOADS;
use cachefs_benches::{Backing, Figures, Machine, aligned, blocks};

use crate::flags::Flags;
use crate::format::{count, digits, spread, time};
use crate::goals::GOALS;
use crate::losses;
use crate::rounds::Versions;

/// Everything that was measured, for people.
pub(crate) struct Report<'a> {
    pub(crate) figures: &'a Figures,
    pub(crate) flags: &'a Flags,
    pub(crate) versions: &'a Versions,
    pub(crate) machine: &'a Machine,
}

impl Report<'_> {
    /// In Markdown.
    pub(crate) fn text(&self) -> String {
        let mut text = self.head();
        text += "\n### What was to come out\n\n";
        text += &self.goals();
        for (backing, title) in [
            (Backing::Memory, "Over memory"),
            (Backing::Local, "Over a local directory"),
            (Backing::Slow, "Over a slow backing"),
        ] {
            let _ = write!(text, "\n### {title}\n\n![{title}](docs/charts/{}.svg)\n\n", backing.name());
            self.by_contender(&mut text, backing.name(), spread);
        }
        text += "\n### Allocations and backing calls of one operation, over memory\n\n";
        let counts = |row: &Row| format!("{}, {}", count(row.first.allocations), count(row.first.calls));
        self.by_contender(&mut text, Backing::Memory.name(), counts);
        text += "\n### What one operation is\n\n";
        for workload in &WORKLOADS {
            let _ = writeln!(text, "- **{}**: {}.", workload.name, workload.what);
        }
        text += "\n### Hits beside what the machine can do\n\n";
        text += "![Read hit by size](docs/charts/read-hit.svg)\n\n";
        self.list(&mut text, HITS);
        self.blocks(&mut text);
        text += "\n### One in, one out\n\n![Eviction](docs/charts/eviction.svg)\n\n";
        self.by_case(&mut text, POLICIES, "entries");
        text += "\nThe engine, a whole read of 1 KiB that misses and evicts:\n\n";
        self.by_case(&mut text, ENGINE, "entries");
        text += "\n### Warming\n\n![Warming](docs/charts/warming.svg)\n\n";
        let _ = writeln!(text, "{} files of 4 KiB, the time for all.\n", self.flags.scale.files);
        self.warming(&mut text);
        text += "\n### Where cachefs is not the fastest\n\n";
        losses::table(&mut text, self.figures);
        text
    }

    fn head(&self) -> String {
        let (machine, scale) = (self.machine, &self.flags.scale);
        let mut text = format!(
            "{}: {}, {} cores, {} MiB, Linux {}, {}. Medians of {} rounds, in brackets the fastest and the slowest.\n",
            machine.date,
            machine.processor,
            machine.cores,
            machine.memory_mib,
            machine.kernel,
            machine.compiler,
            self.flags.rounds
        );
        let _ = writeln!(
            text,
            "{} files where there are many, {} over the slow backing, which takes {} per call; {} MiB of blocks.",
            scale.files,
            scale.files_slow,
            time(scale.latency.as_secs_f64() * 1e9),
            scale.resident >> 20
        );
        if !self.versions.is_empty() {
            let named: Vec<_> =
                self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
            let _ = writeln!(text, "Crates: {}.", named.join(", "));
        }
        if self.flags.scale_name != "full" {
            let _ = writeln!(
                text,
                "\n**A run at the scale `{}`: it shows that it works; do not compare by it.**",
                self.flags.scale_name
            );
        }
        text
    }

    /// What was to come out, and did or did not.
    pub(crate) fn goals(&self) -> String {
        let mut lines = vec![["what", "value", "bound", ""].map(str::to_owned).to_vec()];
        for goal in &GOALS {
            let value = (goal.value)(self.figures, &self.flags.scale);
            let judged = value.and_then(|value| goal.judge(self.figures, value));
            let (bound, verdict) = match judged {
                Some((bound, reached)) => (bound, if reached { "reached" } else { "**not reached**" }),
                None => (String::new(), "not measured"),
            };
            let value = value.map_or_else(|| "-".to_owned(), digits);
            lines.push(vec![goal.what.to_owned(), value, bound, verdict.to_owned()]);
        }
        let mut text = String::new();
        aligned(&mut text, &lines);
        text
    }

    /// A line for each case, a column for each contender.
    fn by_contender(&self, text: &mut String, group: &str, cell: impl Fn(&Row) -> String) {
        let contenders = self.figures.contenders(group);
        let head = std::iter::once("").chain(contenders.iter().copied()).map(str::to_owned).collect();
        let mut lines = vec![head];
        for case in self.figures.cases(group) {
            let cells = contenders.iter().map(|who| self.cell(group, case, who, &cell));
            lines.push(std::iter::once(case.to_owned()).chain(cells).collect());
        }
        aligned(text, &lines);
    }

    /// A line for each contender, a column for each case.
    fn by_case(&self, text: &mut String, group: &str, of: &str) {
        let cases = self.figures.cases(group);
        let head = std::iter::once(of).chain(cases.iter().copied()).map(str::to_owned).collect();
        let mut lines = vec![head];
        for who in self.figures.contenders(group) {
            let cells = cases.iter().map(|case| self.cell(group, case, who, &spread));
            lines.push(std::iter::once(who.to_owned()).chain(cells).collect());
        }
        aligned(text, &lines);
    }

    fn cell(&self, group: &str, case: &str, who: &str, cell: &impl Fn(&Row) -> String) -> String {
        self.figures.row(group, case, who).map_or_else(String::new, cell)
    }

    fn list(&self, text: &mut String, group: &str) {
        let mut lines = vec![["", "", "time", "allocations"].map(str::to_owned).to_vec()];
        for row in self.figures.rows().iter().filter(|row| row.first.group == group) {
            let (case, who) = (row.first.case.clone(), row.first.contender.clone());
            lines.push(vec![case, who, spread(row), count(row.first.allocations)]);
        }
        aligned(text, &lines);
    }

    fn blocks(&self, text: &mut String) {
        text.push_str("\n### Blocks of 4 KiB beside crates: look up and copy out\n\n");
        text.push_str("![Throughput](docs/charts/throughput.svg)\n");
        for (group, _) in blocks::SKEWS {
            let _ = write!(text, "\nWall time per block, {group}:\n\n");
            self.by_case(text, group, "");
        }
    }

    fn warming(&self, text: &mut String) {
        let mut lines =
            vec![["workers", "over memory", "over slow", "backing calls"].map(str::to_owned).to_vec()];
        for case in self.figures.cases(WARM_MEMORY) {
            let cell = |group| self.cell(group, case, "cachefs", &spread);
            let calls = self.figures.row(WARM_MEMORY, case, "cachefs").and_then(|row| row.first.calls);
            lines.push(vec![case.to_owned(), cell(WARM_MEMORY), cell(WARM_SLOW), count(calls)]);
        }
        aligned(text, &lines);
    }
}
