//! A database whose client and daemon are killed amid transactions.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cachefs_testkit::SplitMix64;

use super::super::acceptance::program;
use super::place::Place;

/// Commits transactions of several rows, each row with the number of its transaction, and says each number once the
/// commit has returned. What others left is counted on from.
const CLIENT: &str = r#"
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("pragma journal_mode=" + sys.argv[2])
database.execute("pragma synchronous=full")
database.execute("create table if not exists t(n integer, part integer, pad blob)")
number = database.execute("select coalesce(max(n), 0) from t").fetchone()[0]
print("ready", flush=True)
while True:
    number += 1
    database.execute("begin immediate")
    for part in range(5):
        database.execute("insert into t values(?, ?, randomblob(? * 97))", (number, part, number % 60))
    if number % 7 == 0:
        database.execute("delete from t where n < ? - 300", (number,))
    database.execute("commit")
    print(number, flush=True)
"#;

/// Transactions older than this may have been deleted.
const KEPT: u64 = 300;

/// Plays rounds of transactions and kills with one database.
pub(crate) fn rob(mode: &str, journal: &str, rounds: u64, seed: u64) {
    let place = Place::new(mode);
    let mut random = SplitMix64::new(seed);
    let mut committed = 0;
    for round in 0..rounds {
        let arguments = place.arguments(&mut random);
        let what = format!("{journal}, round {round}, {}", arguments.join(" "));
        let mut victim = place.start(&arguments);
        victim.wait_ready();
        let mut client = Client::start(&place.mount.join("bank.db"), journal);
        let life = Duration::from_millis(random.below(400));
        std::thread::sleep(life); // sleep: the moment of the kill, nothing is waited for
        victim.kill();
        committed = client.end().unwrap_or(committed);
        drop(victim);

        let mut victim = place.start(&arguments);
        victim.wait_ready();
        committed = audit(&place.mount.join("bank.db"), committed, &format!("{what}: on the mount"));
        victim.leave(random.below(2) == 0);
        audit(&place.source.join("bank.db"), committed, &format!("{what}: in the source"));
        place.assert_no_conflict();
    }
    println!("{mode}, {journal}: {committed} transactions in {rounds} rounds");
    assert!(committed > rounds * 3, "hardly any transactions: {committed}");
}

/// Every transaction that was said to be committed is there, and each as a whole. Answers the last one.
fn audit(database: &Path, committed: u64, what: &str) -> u64 {
    let sql = "pragma integrity_check; select count(*) from (select n from t group by n having count(*) <> 5);\
               select min(n), max(n), count(distinct n) from t;";
    let text = program("sqlite3").arg("-cmd").arg(".timeout 60000").arg(database).arg(sql).text();
    let lines: Vec<&str> = text.lines().collect();
    let [integrity, torn, row] = lines[..] else { panic!("{what}: {text}") };
    assert_eq!((integrity, torn), ("ok", "0"), "{what}: {text}");
    let numbers: Vec<u64> = row.split('|').map(|number| number.parse().unwrap_or(0)).collect();
    let [min, max, count] = numbers[..] else { panic!("{what}: {text}") };
    assert!(max >= committed, "{what}: {committed} was committed, the last one there is {max}");
    assert!(max <= committed + 1, "{what}: {max} was never said, only {committed}");
    assert_eq!(count, if max == 0 { 0 } else { max - min + 1 }, "{what}: some are missing: {text}");
    assert!(min <= 1.max((max + 1).saturating_sub(KEPT)), "{what}: the first one there is {min} of {max}");
    max
}

/// The process that has the database open; killed when this is dropped.
#[derive(Debug)]
struct Client(Child);

impl Client {
    /// Answers once it is about to begin with transactions.
    fn start(database: &Path, journal: &str) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", CLIENT]).arg(database).arg(journal);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut byte = [0; 6];
        let said = std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut byte);
        assert!(
            said.is_ok() && &byte == b"ready\n",
            "the client did not begin: {:?}",
            child.wait_with_output()
        );
        Self(child)
    }

    /// Kills it and answers the last transaction it said to be committed.
    fn end(&mut self) -> Option<u64> {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        lines.map_while(|line| line.ok()?.parse().ok()).last()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}
