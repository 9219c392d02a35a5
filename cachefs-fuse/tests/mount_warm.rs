//! `--warm`, by the real program.

mod site;

use std::fs;

use site::{Scrape, Site};

#[test]
fn warming_reads_what_matches_and_sums_up() {
    let site = Site::new();
    fs::create_dir(site.source().join("src")).unwrap();
    for number in 0..5 {
        fs::write(site.source().join(format!("src/{number}.txt")), vec![1; 1000]).unwrap();
    }
    fs::write(site.source().join("other"), vec![1; 9000]).unwrap();
    site.settle();
    let log = site.log();
    let daemon = site.mount(&[
        "--warm",
        "src/*.txt",
        "--metrics",
        "127.0.0.1:0",
        "--log",
        log.to_str().unwrap(),
        "--ttl",
        "1h",
    ]);
    let told = site.wait_logged("warmed");
    assert!(told.contains("warmed 5 files") && told.contains("0 errors"), "{told}");
    let address = daemon.told("metrics").as_str().unwrap();
    let before = Scrape::of(address);
    assert_eq!(before.value("cachefs_warm_files_total{result=\"ok\"}"), 5.0);
    assert_eq!(before.value("cachefs_warm_bytes_total"), 5000.0);
    assert_eq!(before.value("cachefs_warm_remaining_files"), 0.0);
    assert_eq!(before.value("cachefs_backend_bytes_total{dir=\"read\"}"), 5000.0);
    assert_eq!(fs::read(site.mountpoint().join("src/3.txt")).unwrap().len(), 1000);
    assert_eq!(Scrape::of(address).value("cachefs_backend_bytes_total{dir=\"read\"}"), 5000.0);
}
