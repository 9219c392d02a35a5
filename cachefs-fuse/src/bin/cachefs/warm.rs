//! `warm` and `refresh`.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cachefs_fuse::control::{WarmArguments, WarmFar, WarmTold, plain};
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use indicatif::HumanBytes;

use crate::asked::Asked;
use crate::exit::Exit;
use crate::forget::{forget, words};
use crate::inside::{Meant, within_unasked};
use crate::out::Out;
use crate::replay::Plan;
use crate::status::list;
use crate::trouble::Trouble;
use crate::warm_bar::Bar;

/// Bytes of patterns in one request: a line of the protocol has an end.
const PART_MAX: usize = 48 << 10;
/// What could not be warmed that is named.
const NAMED_MAX: usize = 64;

pub(crate) fn arguments(command: Command) -> Command {
    let paths = Arg::new("paths").value_name("PATH|GLOB").num_args(0..);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    command
        .arg(paths.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::AnyPath).help(
            "Files, directories with all in them, or patterns (quoted; ** stands for any depth); what is in the \
             current directory if there are none.",
        ))
        .arg(
            Arg::new("list")
                .short('f')
                .long("list")
                .value_name("LIST")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("A file with a path on each line, or - for standard input. Missing files are counted."),
        )
        .arg(
            Arg::new("replay")
                .long("replay")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .conflicts_with("list")
                .help("What `cachefs record` wrote to FILE; PATH is the mount then. Missing files are counted."),
        )
        .arg(flag("null").short('0').requires("list").help("Paths in LIST end with a zero byte."))
        .arg(
            Arg::new("workers")
                .short('p')
                .long("workers")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..=64))
                .help("Read so many files at a time [default: 8]."),
        )
        .arg(flag("metadata-only").help("Read names and attributes, but no contents."))
        .arg(flag("no-wait").help("Return at once; the mount goes on."))
}

pub(crate) fn refresh_arguments(command: Command) -> Command {
    crate::forget::arguments(command)
}

pub(crate) fn run(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    if let Some(recording) = matches.get_one::<PathBuf>("replay") {
        return replay(matches, recording, out);
    }
    let mut words = words(matches);
    let list = matches.get_one::<PathBuf>("list");
    if words.is_empty() && list.is_none() {
        words.push(".".into());
    }
    let listed = list.map(|list| lines(list, matches.get_flag("null"))).transpose()?.unwrap_or_default();
    let first = words.first().or(listed.first());
    let first = first.ok_or_else(|| Trouble::usage("the list names no file: nothing is to be warmed"))?;
    let mut asked = Asked::at(first, out)?;
    let mut globs = Vec::new();
    for word in &words {
        globs.push(Meant::of(word, &asked.mountpoint)?.glob());
    }
    for path in &listed {
        globs.push(Meant::Path(within_unasked(path, &asked.mountpoint)?).glob());
    }
    let told = warm(&mut asked, What::Globs, &globs, &template(matches), out)?;
    // Who gave a list knows that some of it may be gone.
    let missing = told.far.missing > 0 && list.is_none();
    end(&told, missing, out)
}

fn template(matches: &ArgMatches) -> WarmArguments {
    WarmArguments {
        workers: matches.get_one("workers").copied(),
        metadata_only: matches.get_flag("metadata-only"),
        background: matches.get_flag("no-wait"),
        ..WarmArguments::default()
    }
}

/// Warms what was recorded, and passes over what is gone.
fn replay(matches: &ArgMatches, recording: &Path, out: &Out) -> Result<Exit, Trouble> {
    let words = words(matches);
    let mount = match &words[..] {
        [] => Path::new("."),
        [mount] => mount,
        _ => return Err(Trouble::usage("a recording is of one mount: give one")),
    };
    let plan = Plan::read(recording)?;
    let mut asked = Asked::at(mount, out)?;
    let template = template(matches);
    let mut sum = plan.look_around(&asked.mountpoint, template.workers)?;
    add(&mut sum, warm(&mut asked, What::Paths, &plan.files, &template, out)?);
    end(&sum, false, out)
}

/// Has it asked of the source again, and reads it.
pub(crate) fn refresh(matches: &ArgMatches, out: &Out) -> Result<Exit, Trouble> {
    let words = words(matches);
    forget("invalidate", &words, out)?;
    let mut sum = WarmTold::default();
    for word in &words {
        let mut asked = Asked::at(word, out)?;
        let glob = Meant::of(word, &asked.mountpoint)?.glob();
        add(&mut sum, warm(&mut asked, What::Globs, &[glob], &WarmArguments::default(), out)?);
    }
    let missing = sum.far.missing > 0;
    end(&sum, missing, out)
}

/// What words are.
#[derive(Clone, Copy, Debug)]
enum What {
    Globs,
    Paths,
}

fn warm(
    asked: &mut Asked<'_>,
    what: What,
    words: &[String],
    template: &WarmArguments,
    out: &Out,
) -> Result<WarmTold, Trouble> {
    let bar = Bar::new(!out.is_json() && !template.background, words.len() as u64);
    let mut sum = WarmTold::default();
    for part in parts(words) {
        let mut arguments = template.clone();
        match what {
            What::Globs => arguments.globs = part.to_vec(),
            What::Paths => arguments.paths = part.to_vec(),
        }
        let before = sum.far;
        let told = asked.ask("warm", &arguments, |far| bar.hear(&before, far))?;
        add(&mut sum, told);
        if sum.full {
            break;
        }
    }
    Ok(sum)
}

/// As many as fit into a request, each time.
fn parts(globs: &[String]) -> Vec<&[String]> {
    let (mut parts, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for (index, glob) in globs.iter().enumerate() {
        // Twice: what has to be escaped.
        let takes = 2 * glob.len() + 3;
        if bytes + takes > PART_MAX && index > begin {
            parts.push(&globs[begin..index]);
            (begin, bytes) = (index, 0);
        }
        bytes += takes;
    }
    parts.push(&globs[begin..]);
    parts
}

fn add(sum: &mut WarmTold, told: WarmTold) {
    sum.far = plus(&sum.far, &told.far);
    let room = |taken: usize| NAMED_MAX.saturating_sub(taken);
    sum.failed.extend(told.failed.into_iter().take(room(sum.failed.len())));
    sum.missing_first.extend(told.missing_first.into_iter().take(room(sum.missing_first.len())));
    sum.full |= told.full;
    sum.background |= told.background;
    sum.seconds += told.seconds;
}

pub(crate) fn plus(one: &WarmFar, other: &WarmFar) -> WarmFar {
    WarmFar {
        files_found: one.files_found + other.files_found,
        files: one.files + other.files,
        bytes: one.bytes + other.bytes,
        errors: one.errors + other.errors,
        missing: one.missing + other.missing,
    }
}

fn lines(list: &Path, null: bool) -> Result<Vec<PathBuf>, Trouble> {
    let cannot = |error| Trouble::failed(format!("{} cannot be read: {error}", list.display()));
    let mut text = Vec::new();
    if list == Path::new("-") {
        std::io::stdin().read_to_end(&mut text).map_err(cannot)?;
    } else {
        text = std::fs::read(list).map_err(cannot)?;
    }
    let end = if null { 0 } else { b'\n' };
    let paths = text.split(|byte| *byte == end).filter(|path| !path.is_empty());
    Ok(paths.map(|path| PathBuf::from(std::ffi::OsStr::from_bytes(path))).collect())
}

fn end(told: &WarmTold, missing: bool, out: &Out) -> Result<Exit, Trouble> {
    let exit = match (told.far.errors > 0, missing) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::NotFound,
        (false, false) => Exit::Done,
    };
    out.end(exit, told, &shown(told))
}

fn shown(told: &WarmTold) -> String {
    if told.background {
        return "the mount goes on in the background; its log says when it is done".to_owned();
    }
    let WarmFar { files, bytes, errors, missing, .. } = told.far;
    let mut text = format!("{files} files, {} in {:.1} s", HumanBytes(bytes), told.seconds);
    if missing > 0 {
        text += &format!(", {missing} missing");
        let first = told.missing_first.first().map(|first| format!(" ({}, ...)", plain(first)));
        text += &first.unwrap_or_default();
    }
    if errors > 0 {
        text += &format!(", {errors} failed{}", list(&told.failed));
    }
    if told.full {
        text += "; stopped: no more fits into the memory of the mount";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_asked_for_in_parts() {
        let globs: Vec<String> = (0..5000).map(|number| format!("dir/file-{number:06}")).collect();
        let parts = parts(&globs);
        assert!(parts.len() > 1);
        assert_eq!(parts.concat(), globs);
        for part in parts {
            assert!(serde_json::to_string(part).expect("json").len() < cachefs_fuse::control::LINE_MAX);
        }
        assert_eq!(super::parts(&[]), [&[] as &[String]]);
    }

    #[test]
    fn the_end_reads_well() {
        let far = WarmFar { files_found: 5, files: 3, bytes: 2048, errors: 1, missing: 2 };
        let told = WarmTold {
            far,
            missing_first: vec!["gone".into()],
            full: true,
            seconds: 1.5,
            ..WarmTold::default()
        };
        assert_eq!(
            shown(&told),
            "3 files, 2.00 KiB in 1.5 s, 2 missing (gone, ...), 1 failed; stopped: no more fits into the memory \
             of the mount"
        );
    }
}
