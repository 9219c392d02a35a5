//! Others change the source while we read, and nobody is told: who opens a file after it was closed sees what is there.

mod acceptance;
mod staleness;

use staleness::Plan;

#[test]
fn no_open_after_a_close_is_stale() {
    let report = Plan::new(&["--coherence=open"], 8).run();
    report.assert_loaded();
    report.assert_fresh();
    report.assert_close_to_open();
}

#[test]
fn no_open_after_a_close_is_stale_while_we_write_back() {
    let report = Plan::new(&["--mode=back", "--flush-after=10ms", "--coherence=open"], 5).run();
    report.assert_loaded();
    report.assert_fresh();
    report.assert_close_to_open();
}

#[test]
fn stale_for_no_longer_than_agreed() {
    let report = Plan::new(&["--coherence=ttl=50ms"], 4).run();
    report.assert_loaded();
    report.assert_sound();
    report.assert_soon(std::time::Duration::from_millis(500));
    assert!(report.settled.last.is_empty(), "different in the end: {:#?}", report.settled.last);
}
