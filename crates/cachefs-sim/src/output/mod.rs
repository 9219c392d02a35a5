//! Reports as people and programs read them.

mod csv;
mod json;
mod svg;
mod table;

pub use csv::csv;
pub use json::json;
pub use svg::svg;
pub use table::table;
