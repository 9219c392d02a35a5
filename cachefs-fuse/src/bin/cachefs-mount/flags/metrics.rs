use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use super::settings::Settings;

/// Where metrics are told.
#[derive(Clone, Debug)]
pub(crate) struct MetricsConfig {
    pub(crate) address: Option<SocketAddr>,
    /// The user knows that others can reach the address.
    pub(crate) public: bool,
    pub(crate) textfile: Option<PathBuf>,
    /// How often that is replaced.
    pub(crate) interval: Duration,
}

impl MetricsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let (public, interval) = (settings.metrics_public, settings.metrics_interval);
        if interval < Duration::from_secs(1) {
            return Err("--metrics-interval: give 1s or more, for instance 15s".to_owned());
        }
        let address = settings.metrics.as_deref().map(|text| address(text, public)).transpose()?;
        Ok(Self { address, public, textfile: settings.metrics_textfile.clone(), interval })
    }
}

fn address(text: &str, public: bool) -> Result<SocketAddr, String> {
    let wrong =
        || format!("--metrics: \"{text}\" is not an address: give HOST:PORT, for instance 127.0.0.1:9469");
    let address = text.to_socket_addrs().map_err(|_| wrong())?.next().ok_or_else(wrong)?;
    if !address.ip().is_loopback() && !public {
        return Err(format!(
            "--metrics: others can reach {address} and nothing guards it: use 127.0.0.1, or add --metrics-public"
        ));
    }
    Ok(address)
}
