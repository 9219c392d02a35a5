//! What a cache tells of itself.
//!
//! Every metric stands once, in the table of [`Metric`]: name, type, unit, labels, meaning. A [`Report`] holds the
//! numbers of one moment and is written as Prometheus' text ([`Report::prometheus`]), as JSON ([`Report::json`]), or
//! into a recorder of the `metrics` crate ([`Bridge`]). The engine itself depends on none of these: it counts in cells
//! of its own, and what is here reads them when asked.
//!
//! ```
//! use std::sync::Arc;
//!
//! use cachefs::CacheFs;
//! use cachefs_metrics::Export;
//! use cachefs_vfs::{MemFs, VfsExt};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let source = Arc::new(MemFs::new());
//! source.write("hello", b"world")?;
//! let cache = CacheFs::builder(source).build()?;
//! cache.read("hello")?;
//! let text = cache.export_prometheus();
//! assert!(text.contains("cachefs_cache_requests_total{cache=\"data\",result=\"miss\"} 1"));
//! assert!(cache.export_json().starts_with("{\"format\":1,"));
//! # Ok(())
//! # }
//! ```

mod bridge;
mod docs;
mod engine;
mod export;
mod json;
mod report;
mod spread;
mod table;
mod text;

pub use bridge::Bridge;
pub use docs::table_of_all;
pub use engine::Observed;
pub use export::Export;
pub use report::{Family, Report, Series, Value};
pub use spread::{BOUNDS, Distribution, Spread};
pub use table::{Kind, Metric, Unit};
