//! Numbers of a mount, settings, and what is found out about it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::back::{self, cachefs, text, told};
use crate::site::run;
use crate::{at, done, filled, said};

#[test]
fn the_report_counts_what_was_asked() {
    let site = filled();
    let _daemon = site.mount(&["--profile", "direct", "--coherence", "single"]);
    let data = |stat: &serde_json::Value| stat["caches"][0].clone();
    for _ in 0..4 {
        fs::read(at(&site, "d/b")).unwrap();
    }
    let stat = done("stat", &[&site.mountpoint()]);
    assert_eq!(data(&stat)["cache"], "data", "{stat}");
    assert_eq!(data(&stat)["misses"], 2, "two blocks: {stat}");
    assert_eq!(stat["misses"]["cold"], 2, "{stat}");
    assert_eq!(
        (&stat["bytes"]["missed"], &stat["bytes"]["hit"]),
        (&json!(70_000), &json!(210_000)),
        "{stat}"
    );
    assert_eq!(stat["bytes"]["hit_ratio"], 0.75, "{stat}");
    assert_eq!(stat["source"]["read_bytes"], 70_000, "{stat}");
    let reads = stat["requests"]["ops"].as_array().unwrap().iter().find(|op| op["op"] == "read").unwrap();
    assert!(reads["count"].as_u64().unwrap() >= 4, "{reads}");
    let quantiles = ["p50_seconds", "p95_seconds", "p99_seconds"].map(|name| reads[name].as_f64().unwrap());
    assert!(quantiles[0] > 0.0 && quantiles.is_sorted(), "{reads}");
    assert_eq!(stat["coherence"]["mode"], "single", "{stat}");
    let text = said("stat", &[&site.mountpoint()]);
    for part in ["75.0 % of 273.44 KiB read from memory", "missed for    cold 2", "in none of these numbers"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_more_memory_would_bring_is_foretold() {
    let site = filled();
    for number in 0..40 {
        fs::write(site.source().join(format!("block-{number}")), vec![7; 64 << 10]).unwrap();
    }
    site.settle();
    let mnt = site.mountpoint();
    let arguments =
        ["--profile", "direct", "--coherence", "single", "--readahead", "off", "--memory", "1536K"];
    let _daemon = site.mount(&[&arguments[..], &["--policy", "lru"]].concat());
    assert_eq!(done("mrc", &[&mnt])["rough"], true);
    assert!(said("mrc", &[&mnt]).contains("Too little was read yet"));
    // In a circle, which is the worst for lru: all or nothing.
    for turn in 0..2400 {
        fs::read(at(&site, &format!("block-{}", turn % 40))).unwrap();
    }
    let told = done("mrc", &[&mnt]);
    let hits = |policy: &str, factor: f64| {
        let mut points = told["points"].as_array().unwrap().iter();
        let point = points.find(|point| point["policy"] == policy && point["factor"] == factor).unwrap();
        point["hit_percent"].as_f64().unwrap()
    };
    assert_eq!((&told["rough"], &told["policy"]), (&json!(false), &json!("lru")), "{told}");
    // Threads of the daemon hand their references over in lots, so that some change places.
    let (now, twice) = (hits("lru", 1.0), hits("lru", 2.0));
    assert!(twice > 90.0 && twice - now > 20.0, "{told}");
    let text = said("mrc", &[&mnt]);
    for part in
        ["1.50 MiB", "3.00 MiB", "* lru", "hits of lru by memory", "Twice the memory: +", "not seen here"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn without_a_sample_nothing_is_foretold() {
    let site = filled();
    let _daemon = site.mount(&["--curve", "off"]);
    let (code, told) = told("mrc", &[&site.mountpoint()]);
    assert_eq!(code, 1, "{told}");
    assert!(told["error"].as_str().unwrap().contains("--curve on"), "{told}");
}

#[test]
fn the_state_of_the_watch_is_told() {
    let site = filled();
    let daemon = site.mount(&["--coherence", "watch"]);
    let stat = done("stat", &[&site.mountpoint()]);
    let watch = &stat["coherence"]["watch"];
    assert_eq!((&watch["method"], &watch["valid"]), (daemon.told("watch"), &json!(true)), "{stat}");
    assert!(said("stat", &[&site.mountpoint()]).contains(") stands; "));
}

#[test]
fn intervals_are_lines_with_a_head() {
    let site = filled();
    let daemon = back::mount(&site, &[]);
    fs::write(at(&site, "new"), vec![1; 5000]).unwrap();
    let lines = [Path::new("-i"), Path::new("50ms"), Path::new("-c"), Path::new("3")];
    let words = |json: Option<&'static str>| {
        let verb = ["stat"].into_iter().chain(json).map(Path::new);
        verb.chain(lines).map(Path::to_owned).chain([site.mountpoint()]).collect::<Vec<_>>()
    };
    let output = text(&cachefs(words(None)));
    assert_eq!(output.lines().count(), 4, "{output}");
    assert!(output.lines().next().unwrap().contains("req/s"), "{output}");
    assert!(output.lines().skip(1).all(|line| line.contains("4.88 KiB")), "what is dirty: {output}");
    let output = text(&cachefs(words(Some("--json"))));
    for line in output.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["dirty_bytes"], &line["exit"]), (&json!(5000), &json!(0)), "{line}");
        assert!(line["seconds"].as_f64().unwrap() >= 0.04, "{line}");
    }
    assert_eq!(output.lines().count(), 3, "{output}");
    for wrong in ["0", "-1", "x"] {
        assert_eq!(told("stat", &[Path::new("-i"), Path::new(wrong), &site.mountpoint()]).0, 2, "{wrong}");
    }
    drop(daemon);
}

#[test]
fn what_can_change_is_changed_and_what_cannot_is_refused() {
    let site = filled();
    let log = site.log();
    let _daemon = site.mount(&["--profile", "direct", "--log", log.to_str().unwrap()]);
    let mnt = site.mountpoint();
    let set =
        |key: &str, value: &str| told("set", &[Path::new(key), Path::new(value), Path::new("-m"), &mnt]);
    fs::read(at(&site, "f")).unwrap();
    let (code, changed) = set("memory", "64K");
    assert_eq!((code, &changed["value"], &changed["before"]), (0, &json!("65536"), &json!("536870912")));
    let status = done("status", &[&mnt]);
    assert_eq!(status["memory_max_bytes"], 65_536, "{status}");
    assert!(status["memory_bytes"].as_u64().unwrap() <= 65_536, "{status}");
    assert_eq!(fs::read(at(&site, "f")).unwrap(), vec![7; 100_000]);
    assert_eq!(set("log_level", "debug").1["before"], "info");
    assert_eq!(set("log-level", "error").1["before"], "debug");
    let length = || fs::metadata(&log).unwrap().len();
    let before = length();
    assert_eq!(set("memory", "1M").0, 0);
    assert_eq!(length(), before, "what is set is told on a level that is off now");
    for (key, value) in [("memory", "much"), ("log-level", "loud"), ("mode", "back")] {
        let (code, trouble) = set(key, value);
        assert_eq!(code, 2, "{trouble}");
        assert!(trouble["error"].as_str().unwrap().contains(key), "{trouble}");
    }
    let text = said("set", &[Path::new("memory"), Path::new("2M"), Path::new("-m"), &mnt]);
    assert_eq!(text, "memory is 2097152, was 1048576\n");
}

#[test]
fn a_directory_is_examined_with_and_without_a_mount() {
    let site = filled();
    let report = done("doctor", &[&site.source()]);
    assert_eq!(report["directory"]["files"], 4, "{report}");
    assert_eq!(
        report["directory"]["worth_it"], false,
        "a local directory is served by the page cache: {report}"
    );
    assert!(report["machine"].as_array().unwrap().iter().any(|finding| finding["what"] == "/dev/fuse"));
    let _daemon = site.mount(&[]);
    let report = done("doctor", &[&at(&site, "d")]);
    let source = site.source().canonicalize().unwrap();
    assert_eq!(report["directory"]["path"], source.to_str().unwrap(), "of a mount its source: {report}");
    assert!(said("doctor", &[&site.source()]).contains("worth caching: no: the kernel's page cache"));
    assert!(said("doctor", &[]).contains("/dev/fuse"));
    assert_eq!(told("doctor", &[&site.source().join("none")]).0, 3);
}

#[test]
fn a_bundle_has_what_helps_and_no_contents() {
    let site = filled();
    let secret = "contents that are nobody's business";
    fs::write(site.source().join("secret"), secret).unwrap();
    let _daemon = back::mount(&site, &[]);
    assert_eq!(fs::read_to_string(at(&site, "secret")).unwrap(), secret);
    fs::write(at(&site, "dirty"), secret).unwrap();
    done("warm", &[Path::new("--no-wait"), &at(&site, "f")]);
    let to = site.top().join("bundle");
    let bundle = done("debug-bundle", &[Path::new("-o"), &to, &site.mountpoint()]);
    assert_eq!(bundle["missing"], json!([]), "{bundle}");
    for name in ["stat.json", "options.txt", "log.txt", "mountinfo.txt", "version.txt", "kernel.txt"] {
        assert!(bundle["files"].as_array().unwrap().contains(&json!(name)), "{bundle}");
    }
    for file in fs::read_dir(&to).unwrap() {
        let file = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!file.contains(secret));
    }
    let read = |name: &str| fs::read_to_string(to.join(name)).unwrap();
    assert!(read("options.txt").contains("--flush-after\n1h\n"), "{}", read("options.txt"));
    assert!(read("log.txt").contains("mode back"), "{}", read("log.txt"));
    // A directory without a mount has a bundle, too, and a word about it; one that is there is not touched.
    let output = cachefs([Path::new("debug-bundle"), Path::new("-o"), &site.top().join("b"), &site.source()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("missing: the mount: "), "{output:?}");
    assert_eq!(told("debug-bundle", &[Path::new("-o"), &to, &site.mountpoint()]).0, 1);
    let mut here = Command::new(env!("CARGO_BIN_EXE_cachefs"));
    let output = run(here.arg("debug-bundle").current_dir(site.top()));
    assert!(text(&output).contains("cachefs-bundle-"), "{output:?}");
}
