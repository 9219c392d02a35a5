//! The staleness harness itself: a cache that does not look is found out.

mod acceptance;
mod staleness;

use std::time::Duration;

use staleness::Plan;

#[test]
fn a_cache_that_never_asks_is_found_out() {
    let plan = Plan {
        arguments: &["--ttl", "1h"],
        length: Duration::from_secs(2),
        patience: Duration::from_millis(50),
        without: &[],
    };
    let report = plan.run();
    let stale = report.seen_stale();
    assert!(stale > 100, "only {stale} stale looks");
    assert!(report.windows.unseen.values().sum::<u64>() > 10, "changes were seen that nobody told of");
    assert!(report.settled.last.len() > 10, "the end is right by itself: {:?}", report.settled.last);
}
