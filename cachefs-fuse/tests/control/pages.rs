//! Completions and pages for man, of both programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::back::{cachefs, text, told};
use crate::site::{Site, run};
use crate::{done, said};

const VERBS: [&str; 23] = [
    "list",
    "status",
    "stat",
    "top",
    "mrc",
    "ls",
    "warm",
    "record",
    "refresh",
    "invalidate",
    "evict",
    "pin",
    "unpin",
    "queue",
    "flush",
    "set",
    "umount",
    "config",
    "recover",
    "doctor",
    "debug-bundle",
    "completions",
    "man",
];

#[test]
fn completions_know_every_verb_and_the_options_of_mounts() {
    let site = Site::new();
    for (shell, check) in [("bash", Some("bash")), ("zsh", None), ("fish", None)] {
        let text = said("completions", &[Path::new(shell)]);
        for word in VERBS.iter().chain(&["--coherence", "--metadata-only", "cachefs-mount"]) {
            assert!(text.contains(word.trim_start_matches("--")), "{shell}: {word}");
        }
        let file = site.top().join(shell);
        fs::write(&file, text).unwrap();
        if let Some(program) = check {
            let output = run(Command::new(program).arg("-n").arg(&file));
            assert!(output.status.success(), "{output:?}");
        }
    }
    let completions = done("completions", &[Path::new("bash")]);
    assert!(completions["completions"].as_str().unwrap().contains("complete "), "{completions}");
    assert_eq!(told("completions", &[Path::new("csh")]).0, 2);
}

#[test]
fn there_is_a_page_for_every_verb() {
    let site = Site::new();
    let dir = site.top().join("man/man1");
    let pages = done("man", &[&dir]);
    assert_eq!(pages["pages"].as_array().unwrap().len(), VERBS.len() + 2, "{pages}");
    for verb in VERBS {
        let page = fs::read_to_string(dir.join(format!("cachefs-{verb}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Example: cachefs "), "{verb}: {page}");
    }
    let mount = fs::read_to_string(dir.join("cachefs-mount.8")).unwrap();
    assert!(mount.contains("coherence"), "{mount}");
    assert!(said("man", &[&dir]).starts_with("25 pages in "));
    fs::write(site.top().join("file"), "").unwrap();
    assert_eq!(told("man", &[&site.top().join("file")]).0, 1);
}

#[test]
fn help_of_each_verb_has_an_example() {
    for verb in VERBS {
        let help = text(&cachefs([verb, "--help"]));
        assert!(help.contains(&format!("Example: cachefs {verb}")) && help.contains("--json"), "{help}");
    }
}
