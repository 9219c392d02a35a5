//! What a recorder of the `metrics` crate is given.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cachefs::CacheFs;
use cachefs_metrics::{Bridge, Export};
use cachefs_vfs::{MemFs, VfsExt};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

/// Keeps what it is given.
#[derive(Clone, Debug, Default)]
struct Kept {
    numbers: Arc<Mutex<BTreeMap<String, f64>>>,
    described: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct Slot(Kept, String);

impl CounterFn for Slot {
    fn increment(&self, _: u64) {
        unreachable!("counts are absolute");
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn absolute(&self, value: u64) {
        self.0.numbers.lock().unwrap().insert(format!("counter {}", self.1), value as f64);
    }
}

impl GaugeFn for Slot {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0.numbers.lock().unwrap().insert(format!("gauge {}", self.1), value);
    }
}

fn name(key: &Key) -> String {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    format!("{} {}", key.name(), labels.join(",")).trim_end().to_owned()
}

impl Recorder for Kept {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Slot(self.clone(), name(key))))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(Slot(self.clone(), name(key))))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn counts_are_absolute_and_do_not_add_up() {
    let source = Arc::new(MemFs::new());
    VfsExt::write(&*source, "file", b"hello").unwrap();
    let cache = CacheFs::builder(source).build().unwrap();
    VfsExt::read(&cache, "file").unwrap();
    let kept = Kept::default();
    let bridge = Bridge::new(kept.clone());
    assert_eq!(kept.described.lock().unwrap().len(), cachefs_metrics::Metric::ALL.len());
    bridge.publish(&cache.report());
    let value = |name: &str| kept.numbers.lock().unwrap().get(name).copied();
    for _ in 0..2 {
        assert_eq!(value("counter cachefs_cache_requests_total cache=data,result=miss"), Some(1.0));
        assert_eq!(value("gauge cachefs_cache_entries cache=data"), Some(1.0));
        assert_eq!(value("counter cachefs_backend_op_duration_seconds_count op=read"), Some(1.0));
        assert!(value("gauge cachefs_backend_op_duration_seconds op=read,quantile=0.99").is_some());
        bridge.publish(&cache.report());
    }
    VfsExt::read(&cache, "file").unwrap();
    bridge.publish(&cache.report());
    assert_eq!(value("counter cachefs_cache_requests_total cache=data,result=hit"), Some(1.0));
}
