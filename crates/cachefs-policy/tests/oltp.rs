//! The published figure, met: the OLTP trace of Megiddo and Modha ("ARC: a self-tuning, low overhead replacement cache",
//! FAST 2003) at 1000 places. It may not be shipped; whoever has it unpacked (`OLTP.lis`) names its folder in
//! `CACHEFS_TRACES`, otherwise nothing is tested here.

mod cache;

use std::path::PathBuf;

use cache::Cache;
use cachefs_policy::PolicyKind;

/// The blocks in order of access: each line is `start count ignored request`.
fn blocks() -> Option<Vec<u64>> {
    let path = PathBuf::from(std::env::var_os("CACHEFS_TRACES")?).join("OLTP.lis");
    let text = std::fs::read_to_string(path).ok()?;
    let blocks = text.lines().flat_map(|line| {
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().expect("a number"));
        let (start, count) = (fields.next().expect("start"), fields.next().expect("count"));
        start..start + count
    });
    Some(blocks.collect())
}

/// Percent.
fn hit_ratio(kind: PolicyKind, blocks: &[u64]) -> f64 {
    let mut cache = Cache::new(kind, 1000);
    let hits = blocks.iter().filter(|&&block| cache.access(block)).count();
    100.0 * f64::from(u32::try_from(hits).expect("small"))
        / f64::from(u32::try_from(blocks.len()).expect("small"))
}

#[test]
fn lru_hits_as_often_as_published() {
    let Some(blocks) = blocks() else {
        println!("no trace: CACHEFS_TRACES does not name a folder with OLTP.lis");
        return;
    };
    let ratios = PolicyKind::ALL.map(|kind| (kind, hit_ratio(kind, &blocks)));
    for (kind, ratio) in ratios {
        println!("{kind:10} {ratio:.2} %");
    }
    let of = |wanted| ratios.iter().find(|(kind, _)| *kind == wanted).expect("one of all").1;
    let lru = of(PolicyKind::Lru);
    assert!((lru - 32.83).abs() < 0.005, "lru: {lru:.3} %, published 32.83 %");
    for better in [PolicyKind::Arc, PolicyKind::TwoQ, PolicyKind::S3Fifo] {
        assert!(of(better) > lru + 5.0, "{better}: {:.2} %, on a trace made for it", of(better));
    }
}
