//! The program: what it writes, and how it fails.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Three keys in a loop, and one more: in two places LRU never has what is wanted.
const LOOP: &str = "1 100\n2 200\n3 300\n1 100\n2 200\n3 300\n4 400\n1 100\n";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.path().join("loop"), LOOP).unwrap();
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, words: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cachefs-sim"))
            .args(words.split_whitespace())
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    /// What it writes when all is well.
    fn shown(&self, words: &str) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// How it fails: its status, and what it says.
    fn complaint(&self, words: &str) -> (i32, String) {
        let output = self.run(words);
        assert!(output.stdout.is_empty(), "{output:?}");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn a_table_by_policy_and_size() {
    let expected = "\
loop: sized, 8 requests, 4 keys, 4 entries

hits %
policy       2      3  gap closed
lru       0.00  37.50       0.0 %
fifo      0.00  37.50       0.0 %
optimum  25.00  50.00     100.0 %

byte hits %
policy       2      3
lru       0.00  35.29
fifo      0.00  35.29
optimum  23.53  41.18

";
    let shown = Desk::new().shown("loop --unit entries --size 2,3 --policy lru,fifo");
    assert_eq!(shown, expected);
}

#[test]
fn lines_for_a_spreadsheet() {
    let expected = "\
trace,unit,policy,size,capacity,requests,hits,bytes,hit_bytes,hit_ratio,byte_hit_ratio,miss_ratio,gap_closed_percent
loop,entries,lru,50%,2,8,0,1700,0,0.000000,0.000000,1.000000,0.00
loop,entries,optimum,50%,2,8,2,1700,400,0.250000,0.235294,0.750000,100.00
";
    assert_eq!(Desk::new().shown("loop --unit entries --size 50% --policy lru --csv"), expected);
}

#[test]
fn json_for_programs() {
    let shown = Desk::new().shown("loop loop --unit entries --size 2 --policy fifo --json");
    let all: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let report = &all["reports"][1];
    assert_eq!((&report["trace"], &report["requests"]), (&"loop".into(), &8.into()));
    assert_eq!(report["rows"].as_array().unwrap().len(), 2, "LRU was not asked for");
    assert_eq!((&report["rows"][1]["policy"], &report["rows"][1]["hits"]), (&"optimum".into(), &2.into()));
    assert_eq!(all["mean_gap_closed"][0], serde_json::json!({ "policy": "fifo", "percent": 0.0 }));
}

#[test]
fn sizes_in_bytes_where_the_trace_has_them() {
    let desk = Desk::new();
    let shown = desk.shown("loop --size 100% --policy lru --csv --no-optimum");
    assert!(
        shown.ends_with("loop,bytes,lru,100%,1000,8,4,1700,700,0.500000,0.411765,0.500000,\n"),
        "{shown}"
    );
    let told = String::from_utf8(desk.run("loop --size 600").stderr).unwrap();
    assert!(told.contains("the optimum is an approximation"), "{told}");
}

#[test]
fn a_picture_of_the_curve() {
    let desk = Desk::new();
    let shown = desk.shown("loop --unit entries --curve 12 --policy lru,s3fifo --svg curve.svg");
    assert_eq!(shown.lines().filter(|line| line.contains(" % ")).count(), 2 * 12, "hits and bytes: {shown}");
    let picture = std::fs::read_to_string(desk.path().join("curve.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    for name in ["lru", "s3fifo", "optimum"] {
        assert!(picture.contains(&format!("<title>{name}</title></polyline>")), "{picture}");
    }
    assert_eq!(picture.matches("<polyline").count(), 3);
    assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
}

#[test]
fn a_file_is_cut_into_blocks() {
    let shown =
        Desk::new().shown("loop --blocks 100 --file-max 350 --size 100% --policy lru --csv --no-optimum");
    // 1 + 2 + 3 blocks, the same again, 4 of the fourth file (the last of 50 bytes), 1.
    assert!(shown.contains("\nloop,entries,lru,100%,10,17,7,1650,700,"), "{shown}");
}

#[test]
fn who_reads_less_is_no_error() {
    let desk = Desk::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cachefs-sim"));
    let status = command.args(["loop", "--size", "2"]).current_dir(desk.path()).stdout(writer).status();
    assert!(status.unwrap().success());
}

#[test]
fn what_cannot_be_done_is_told_with_a_status() {
    let desk = Desk::new();
    std::fs::write(desk.path().join("empty"), "").unwrap();
    std::fs::write(desk.path().join("comments"), "# nothing\n").unwrap();
    std::fs::write(desk.path().join("broken"), "1\n2\nx\n").unwrap();
    std::fs::write(desk.path().join("ids"), "1\n2\n").unwrap();
    for (words, said) in [
        ("missing", "cachefs-sim: missing: No such file or directory"),
        ("empty", "cachefs-sim: empty: the trace is empty"),
        ("comments --format ids", "cachefs-sim: comments: the trace is empty"),
        ("broken", "cachefs-sim: broken:3: \"x\" is not `key`"),
        ("loop broken", "cachefs-sim: broken:3: "),
        ("ids --blocks 4K", "cachefs-sim: ids: the trace has no sizes, which --blocks needs"),
        ("ids --unit bytes", "cachefs-sim: ids: the trace has no sizes, which --unit bytes needs"),
        ("ids --scan 10", "cachefs-sim: ids: streams are seen only"),
        ("ids --sample 0.000001", "cachefs-sim: ids: none of the keys is in the sample"),
        ("ids --svg no/such/folder.svg", "cachefs-sim: no/such/folder.svg: No such file"),
    ] {
        let (status, told) = desk.complaint(words);
        assert_eq!(status, 1, "{words}: {told}");
        assert!(told.contains(said), "{words}: {told}");
    }
    for words in ["", "loop --policy mru", "loop --size 0", "loop --csv --json"] {
        assert_eq!(desk.complaint(words).0, 2, "{words}");
    }
}
