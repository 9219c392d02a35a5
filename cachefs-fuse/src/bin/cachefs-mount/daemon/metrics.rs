use std::io;
use std::net::SocketAddr;

use cachefs_fuse::Profile;

use super::freshness::Freshness;
use super::report::Reporter;
use crate::exporter::{Bridge, MountInfo, Server};
use crate::failure::Failure;
use crate::flags::{BackConfig, Config};
use crate::places::Places;

/// Takes the address.
///
/// # Errors
/// Why it cannot be had.
pub(super) fn bind(address: SocketAddr) -> Result<Server, Failure> {
    Server::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::system(format!(
            "--metrics: {address} is in use: choose another port, or 0 for any free one"
        )),
        _ => Failure::system(format!("--metrics: {address} cannot be used: {error}")),
    })
}

/// Serves what `reporter` tells there; answers the address.
///
/// # Errors
/// Why it cannot be served.
pub(super) fn serve(
    server: Server,
    config: &Config,
    places: &Places,
    (freshness, profile): (&Freshness, Profile),
    reporter: Reporter,
) -> Result<SocketAddr, Failure> {
    let cannot = |error: io::Error| Failure::system(format!("--metrics cannot be served: {error}"));
    let address = server.address().map_err(cannot)?;
    let bridge = Bridge::new(&MountInfo {
        mount: places.mountpoint.display().to_string(),
        backend: "local",
        profile: profile.name(),
        mode: config.cache.mode.name(),
        durability: config.back.as_ref().map(BackConfig::durability),
        coherence: freshness.name(),
    });
    server.serve(move || bridge.render(&reporter.sample())).map_err(cannot)?;
    Ok(address)
}
