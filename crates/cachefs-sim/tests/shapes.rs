//! What traces of a known shape must show.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cachefs_policy::{AdmitKind, PolicyKind};
use cachefs_sim::{
    Blocks, Guard, Plan, Report, Row, Sample, Size, Trace, curve_sizes, mean_gap_closed, measure,
};
use tempfile::NamedTempFile;

fn plan() -> Plan {
    Plan {
        policies: PolicyKind::ALL.to_vec(),
        sizes: [1.0, 5.0, 10.0, 25.0].map(Size::Percent).to_vec(),
        unit: None,
        blocks: None,
        guard: Guard::default(),
        sample: Sample::ALL,
        optimum: true,
        threads: 2,
    }
}

fn run(path: &Path, plan: &Plan) -> Report {
    measure(&Trace::find(path, None).unwrap(), plan, &mut |_| {}).unwrap()
}

fn shipped(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces").join(name)
}

fn row<'a>(report: &'a Report, policy: &str, size: &str) -> &'a Row {
    report.rows.iter().find(|row| row.policy == policy && row.size == size).unwrap()
}

/// Keys by Zipf's law (exponent 1), and after every thousand of them a run of `scan` keys that are not seen again.
fn zipf(requests: u64, keys: u32, scan: u64) -> NamedTempFile {
    let mut sums: Vec<f64> = Vec::new();
    for rank in 1..=keys {
        sums.push(sums.last().unwrap_or(&0.0) + 1.0 / f64::from(rank));
    }
    let (mut text, mut state, mut fresh) = (String::new(), 88_172_645_463_325_252_u64, 1_u64 << 40);
    for step in 0..requests {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let point = f64::from(u32::try_from(state >> 32).unwrap()) / 2_f64.powi(32) * sums[sums.len() - 1];
        writeln!(text, "{}", sums.partition_point(|sum| *sum < point)).unwrap();
        for _ in 0..if step % 1000 == 0 { scan } else { 0 } {
            writeln!(text, "{fresh}").unwrap();
            fresh += 1;
        }
    }
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn scans_do_not_hurt_s3fifo_as_they_do_lru() {
    let file = zipf(100_000, 5000, 1000);
    let report = run(file.path(), &Plan { sizes: vec![Size::Absolute(500)], ..plan() });
    let of = |policy| row(&report, policy, "500").hit_ratio;
    assert!(of("s3fifo") > of("lru") + 0.05, "s3fifo {}, lru {}", of("s3fifo"), of("lru"));
    assert!(report.rows.iter().all(|row| row.hit_ratio <= of("optimum")), "{report:?}");
}

#[test]
fn the_default_closes_a_fifth_of_the_gap_on_the_shipped_traces() {
    let blocks = Some(Blocks { size: 64 << 10, file_max: 16 << 20 });
    let reports = [
        run(&shipped("cargo-meta.txt.zst"), &plan()),
        run(&shipped("cargo-files.sized.txt.zst"), &Plan { blocks, ..plan() }),
    ];
    assert_eq!((reports[0].requests, reports[0].footprint), (156_783, 6625));
    assert_eq!((reports[1].requests, reports[1].footprint), (300_171, 11_014));
    let gap = mean_gap_closed(&reports, PolicyKind::default().name()).unwrap();
    assert!(gap >= 20.0, "{gap}");
    for row in reports.iter().flat_map(|report| &report.rows) {
        assert!(row.gap_closed.is_none_or(|gap| gap <= 100.0), "nothing is better than the optimum: {row:?}");
    }
}

#[test]
fn larger_caches_of_the_optimum_and_of_lru_never_hit_less() {
    let plan = Plan { policies: vec![PolicyKind::Lru], sizes: curve_sizes(16), ..plan() };
    let report = run(&shipped("cargo-meta.txt.zst"), &plan);
    for policy in ["lru", "optimum"] {
        let hits: Vec<u64> =
            report.rows.iter().filter(|row| row.policy == policy).map(|row| row.tally.hits).collect();
        assert_eq!(hits.len(), 16);
        assert!(hits.is_sorted(), "{policy}: {hits:?}");
        assert_eq!(hits[15], report.requests - report.keys, "all but the first of each");
    }
}

#[test]
fn a_sample_tells_nearly_as_much_as_everything() {
    let file = zipf(300_000, 50_000, 0);
    let policies = vec![PolicyKind::Lru, PolicyKind::S3Fifo];
    // A hundredth would be 34 places of the sample: too few to tell.
    let plan = Plan { policies, sizes: vec![Size::Percent(5.0), Size::Percent(25.0)], ..plan() };
    let all = run(file.path(), &plan);
    let sampled = run(file.path(), &Plan { sample: Sample::new(0.1).unwrap(), ..plan });
    assert_eq!(all.requests, sampled.requests);
    for (whole, part) in all.rows.iter().zip(&sampled.rows) {
        // Which of the hottest keys are in the sample is chance, worth up to two points here.
        assert!((whole.hit_ratio - part.hit_ratio).abs() < 0.03, "{whole:?}, sampled {part:?}");
        assert!(part.tally.requests.abs_diff(30_000) < 100, "{part:?}");
    }
}

#[test]
fn guards_keep_out_what_they_should() {
    let file = zipf(50_000, 5000, 1000);
    let sizes = vec![Size::Absolute(500)];
    let open = run(file.path(), &Plan { sizes: sizes.clone(), ..plan() });
    for admit in [AdmitKind::Doorkeeper, AdmitKind::TinyLfu, AdmitKind::Cuckoo] {
        let guard = Guard { admit, scan_percent: None };
        let guarded = run(file.path(), &Plan { sizes: sizes.clone(), guard, ..plan() });
        let of = |report| row(report, "lru", "500").hit_ratio;
        assert!(of(&guarded) > of(&open) + 0.02, "{admit}: {}, without {}", of(&guarded), of(&open));
    }
}

#[test]
fn streams_go_past_the_cache_if_asked_to() {
    // A small set, and between its rounds a long run.
    let small: String = (0..40).map(|block| format!("{} 1 0 0\n", block * 5000)).collect();
    let text: String =
        (0..50_u64).map(|round| format!("{small}{} 200 0 0\n", 1_000_000 * (round + 1))).collect();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let plan = Plan { policies: vec![PolicyKind::Lru], sizes: vec![Size::Absolute(100)], ..plan() };
    let guard = Guard { scan_percent: Some(25), ..Guard::default() };
    let hits = |plan: &Plan| row(&run(file.path(), plan), "lru", "100").tally.hits;
    assert_eq!(hits(&plan), 0);
    assert_eq!(hits(&Plan { guard, ..plan }), 49 * 40);
}
