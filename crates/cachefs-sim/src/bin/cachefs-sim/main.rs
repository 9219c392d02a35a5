//! `cachefs-sim TRACE...`: how often each eviction policy would have hit.

mod arguments;
mod bar;

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Output};
use bar::Bar;
use cachefs_sim::{Report, Trace, measure, output};

type Trouble = Box<dyn std::error::Error>;

/// A trace cannot be read or is not one, or a result not be written. Arguments that make no sense are 2, by clap.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            complain(&format!("cachefs-sim: {trouble}"));
            ExitCode::from(FAILED)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Trouble> {
    let traces = arguments.traces.iter().map(|path| Trace::find(path, arguments.format));
    // All of them, before hours are spent on the first.
    let traces = traces.collect::<Result<Vec<_>, _>>()?;
    let mut reports = Vec::new();
    for trace in &traces {
        let bar = Bar::new(trace, !arguments.quiet);
        let report = measure(trace, &arguments.plan, &mut |done| bar.note(done))?;
        drop(bar);
        report.notes.iter().for_each(|note| complain(&format!("cachefs-sim: {}: {note}", report.trace)));
        reports.push(report);
    }
    if let Some(path) = &arguments.svg {
        draw(path, &reports)?;
    }
    show(arguments.output, &reports)
}

fn draw(path: &Path, reports: &[Report]) -> Result<(), Trouble> {
    std::fs::write(path, output::svg(reports)).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn show(how: Output, reports: &[Report]) -> Result<(), Trouble> {
    let text = match how {
        Output::Table => output::table(reports),
        Output::Csv => output::csv(reports),
        Output::Json => output::json(reports)? + "\n",
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Who reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| format!("standard output: {error}").into()),
    }
}

fn complain(text: &str) {
    // Nobody is left to be told if this fails.
    let _ = writeln!(io::stderr(), "{text}");
}
