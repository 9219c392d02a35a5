//! Programs that ask much of a filesystem, on a mount, as users run them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its tree may panic")]

mod acceptance;

use std::fs;
use std::path::Path;

use acceptance::{
    BACK, MODES, Mode, Mounted, OTHER_PROFILES, Size, make_tree, modes_or, program, usual_modes,
};

/// More files than the daemon may have descriptors, whatever its limit is here.
const BIG: Size = Size { directories: 420, files: 50 };

#[test]
fn a_big_tree_is_the_same_through_the_mount() {
    let source = tempfile::tempdir().unwrap();
    make_tree(source.path(), BIG);
    modes_or(&MODES[..1]).into_iter().for_each(|mode| compare_through(source.path(), mode));
}

fn compare_through(source: &Path, mode: Mode) {
    let mounted = Mounted::over(source, mode);
    program("diff").args("-r --no-dereference").arg(source).arg(mounted.path()).silent();
    assert_eq!(archive_sum(mounted.path()), archive_sum(source), "{mode:?}");

    let copy = tempfile::tempdir().unwrap();
    rsync(mounted.path(), copy.path(), "");
    assert_eq!(differences(source, copy.path()), "", "copied from the mount, {mode:?}");
    mounted.unmount();
}

#[test]
fn a_tree_is_the_same_when_written_through_the_mount() {
    let original = tempfile::tempdir().unwrap();
    make_tree(original.path(), Size { directories: 40, files: 50 });
    let few = [MODES[0], OTHER_PROFILES[0], OTHER_PROFILES[2], BACK[1]];
    modes_or(&few).into_iter().for_each(|mode| write_through(original.path(), mode));
}

fn write_through(original: &Path, mode: Mode) {
    let mounted = Mounted::fresh(mode);
    let (unpacked, copied) = (mounted.path().join("unpacked"), mounted.path().join("copied"));
    fs::create_dir(&unpacked).unwrap();

    let pipe = "tar --xattrs -C \"$1\" -cf - . | tar --xattrs -C \"$2\" -xpf -";
    program("sh").args("-c").arg(pipe).arg("sh").arg(original).arg(&unpacked).silent();
    rsync(original, &copied, "");
    mounted.flush();
    for copy in [&unpacked, &copied] {
        assert_eq!(differences(original, copy), "", "{mode:?}: {}", copy.display());
        let beneath = mounted.source().join(copy.file_name().unwrap());
        assert_eq!(differences(original, &beneath), "", "{mode:?}: {}", beneath.display());
    }
    // A second run finds nothing to do, and one after a change repairs just that.
    fs::write(copied.join("group 1/d1/file-7.txt"), "changed").unwrap();
    fs::remove_dir_all(copied.join("group 2")).unwrap();
    rsync(original, &copied, "--delete");
    assert_eq!(differences(original, &copied), "");
    mounted.unmount();
}

/// A checksum over names, contents, modes, owners, times and links.
fn archive_sum(root: &Path) -> String {
    let script = "tar --sort=name --format=gnu -cf - . | sha256sum";
    program("sh").args("-c").arg(script).within(root).text()
}

fn rsync(from: &Path, to: &Path, flags: &str) {
    let from = format!("{}/", from.display());
    program("rsync").args("-aHAX --checksum").args(flags).arg(from).arg(to).silent();
}

/// What rsync would change to make `to` like `from`, times of directories and all.
fn differences(from: &Path, to: &Path) -> String {
    let from = format!("{}/", from.display());
    let flags = "-aHAX --checksum --delete --dry-run --itemize-changes";
    program("rsync").args(flags).arg(from).arg(to).text()
}

#[test]
fn a_file_is_no_terminal() {
    let mounted = Mounted::fresh(&[]);
    let file = mounted.path().join("file");
    fs::write(&file, "text").unwrap();
    let output = program("stty").args("-F").arg(&file).output();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("Inappropriate ioctl for device"), "{error}");
    mounted.unmount();
}

#[test]
fn git_works() {
    usual_modes().into_iter().for_each(work_with_git);
}

fn work_with_git(mode: Mode) {
    let scratch = tempfile::tempdir().unwrap();
    let origin = scratch.path().join("origin");
    make_history(&origin);
    let mounted = Mounted::fresh(mode);
    let clone = mounted.path().join("clone");
    git(scratch.path()).args("clone -q --no-local origin").arg(&clone).silent();
    git(&clone).args("fsck --full --strict").text();
    git(&clone).args("status --porcelain").silent();

    git(&clone).args("checkout -q -b topic HEAD~5").silent();
    make_tree(&clone.join("more"), Size { directories: 4, files: 25 });
    git(&clone).args("add -A").silent();
    git(&clone).args("commit -q -m more").silent();
    git(&clone).args("rebase -q main").text();
    git(&clone).args("gc -q --aggressive --prune=now").silent();
    git(&clone).args("fsck --full --strict").text();
    git(&clone).args("status --porcelain").silent();
    git(&clone).args("push -q origin topic").silent();

    let second = mounted.path().join("second");
    git(mounted.path()).args("clone -q clone second").silent();
    let head = |at: &Path| git(at).args("rev-parse HEAD^{tree}").text();
    assert_eq!(head(&clone), head(&second));
    mounted.flush();
    git(&mounted.source().join("clone")).args("fsck --full --strict").text();
    git(&origin).args("fsck --full").text();
    mounted.unmount();
}

fn git(at: &Path) -> acceptance::Run {
    let who = "-c user.name=Test -c user.email=test@example.org -c commit.gpgsign=false -c advice.detachedHead=false";
    program("git").args("-c safe.directory=* -c init.defaultBranch=main").args(who).within(at)
}

/// A repository with some history.
fn make_history(at: &Path) {
    fs::create_dir(at).unwrap();
    git(at).args("init -q").silent();
    for commit in 0..30 {
        for file in 0..20 {
            let text = format!("line of {file}\n").repeat(commit * 3 + file);
            fs::write(at.join(format!("f{}", (file + commit) % 40)), text).unwrap();
        }
        git(at).args("add -A").silent();
        git(at).args("commit -q -m").arg(format!("commit {commit}")).silent();
    }
}

#[test]
fn sqlite_in_wal_mode_has_two_writers() {
    usual_modes().into_iter().for_each(write_rows_by_two);
}

fn write_rows_by_two(mode: Mode) {
    const ROWS: usize = 1000;
    let mounted = Mounted::fresh(mode);
    let database = mounted.path().join("test.db");
    let sqlite = |sql: &str| program("sqlite3").arg(&database).arg(sql).text();
    let mode = sqlite("pragma journal_mode=wal; create table t(writer int, n int, pad text);");
    assert_eq!(mode, "wal\n");

    let write = |writer: usize| {
        let row = |n| format!("insert into t values({writer}, {n}, hex(randomblob(500)));");
        let rows: String = (0..ROWS).map(row).collect();
        let sql = format!("pragma busy_timeout=60000; pragma synchronous=normal; {rows}");
        program("sqlite3").arg(&database).arg(sql).text()
    };
    std::thread::scope(|scope| {
        for writer in 1..=2 {
            scope.spawn(move || write(writer));
        }
    });
    let check =
        "pragma integrity_check; select writer, count(*), sum(n) from t group by writer order by writer;";
    let sum = ROWS * (ROWS - 1) / 2;
    let expected = format!("ok\n1|{ROWS}|{sum}\n2|{ROWS}|{sum}\n");
    assert_eq!(sqlite(check), expected);
    mounted.flush();
    let beneath = mounted.source().join("test.db");
    assert_eq!(program("sqlite3").arg(&beneath).arg(check).text(), expected, "in the directory beneath");
    sqlite("delete from t where n % 3 = 0; vacuum; pragma wal_checkpoint(truncate);");
    assert!(sqlite("pragma integrity_check;").starts_with("ok"));
    mounted.unmount();
}

#[test]
fn cargo_builds() {
    usual_modes().into_iter().for_each(build_by_cargo);
}

fn build_by_cargo(mode: Mode) {
    let mounted = Mounted::fresh(mode);
    let project = mounted.path().join("project");
    fs::create_dir_all(project.join("src")).unwrap();
    let manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    fs::write(project.join("src/lib.rs"), "pub fn answer() -> u32 {\n    42\n}\n").unwrap();
    fs::write(project.join("src/main.rs"), "fn main() {\n    println!(\"{}\", small::answer());\n}\n")
        .unwrap();
    let build = || {
        let output = cargo(&project).args("build --offline").output();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{log}");
        log
    };
    assert!(build().contains("Compiling small"));
    assert!(!build().contains("Compiling"), "nothing changed, nothing to build");
    let binary = project.join("target/debug/small");
    assert_eq!(program(&binary).text(), "42\n");

    fs::write(project.join("src/lib.rs"), "pub fn answer() -> u32 {\n    43\n}\n").unwrap();
    assert!(build().contains("Compiling small"), "a change is seen");
    assert_eq!(program(&binary).text(), "43\n");
    cargo(&project).args("clean --offline").output();
    assert!(!project.join("target").exists());
    mounted.unmount();
}

fn cargo(at: &Path) -> acceptance::Run {
    program(env!("CARGO")).within(at)
}
