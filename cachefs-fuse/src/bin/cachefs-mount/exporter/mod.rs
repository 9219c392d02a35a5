//! Statistics for Prometheus, over plain HTTP on an address of the user's choice.

mod bridge;
mod errno;
mod histogram;
mod names;
mod request;
mod sample;
mod server;

pub(crate) use bridge::Bridge;
pub(crate) use sample::{Holdings, MountInfo, Sample};
pub(crate) use server::Server;
