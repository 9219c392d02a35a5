//! Statistics for Prometheus and a status page, over plain HTTP on an address of the user's choice, and as a file.

mod back;
mod connection;
mod errno;
mod kernel;
mod page;
mod process;
mod request;
mod sample;
mod server;
mod textfile;
mod told;

pub(crate) use page::{Guests, Pages};
pub(crate) use sample::{MountInfo, Sample};
pub(crate) use server::Server;
pub(crate) use textfile::TextFile;
pub(crate) use told::Told;
