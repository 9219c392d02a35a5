use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use cachefs_fuse::Profile;

use super::freshness::Freshness;
use super::report::Reporter;
use crate::exporter::{Guests, MountInfo, Pages, Server, TextFile, Told};
use crate::failure::Failure;
use crate::flags::{BackConfig, Config};
use crate::places::Places;

/// Where metrics are going to be told.
#[derive(Debug)]
pub(super) struct Outlets {
    server: Option<(Server, Guests)>,
    file: Option<TextFile>,
    interval: Duration,
}

/// Where they are.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) address: Option<SocketAddr>,
    file: Option<TextFile>,
}

impl Outlets {
    /// Takes the address and finds the file, from the directory the user is in.
    ///
    /// # Errors
    /// Why they cannot be had.
    pub(super) fn open(config: &Config) -> Result<Self, Failure> {
        let wanted = &config.metrics;
        let guests = if wanted.public { Guests::All } else { Guests::Local };
        let server = wanted.address.map(bind).transpose()?.map(|server| (server, guests));
        let file = wanted.textfile.as_deref().map(std::path::absolute).transpose();
        let file = file.map_err(|error| Failure::system(format!("--metrics-textfile: {error}")))?;
        Ok(Self { server, file: file.map(TextFile::new), interval: wanted.interval })
    }

    /// Tells there what `reporter` knows.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub(super) fn tell(
        self,
        config: &Config,
        places: &Places,
        (freshness, profile, no_growth): (&Freshness, Profile, bool),
        reporter: Reporter,
    ) -> Result<Telling, Failure> {
        let info = MountInfo {
            mount: places.mountpoint.display().to_string(),
            backend: "local",
            profile: profile.name(),
            mode: config.cache.mode.name(),
            durability: config.back.as_ref().map(BackConfig::durability),
            coherence: freshness.name(),
            no_growth,
        };
        let told = Told::new(info, move || reporter.sample());
        let address = self.server.map(|(server, guests)| serve(server, Pages::new(told.clone(), guests)));
        if let Some(file) = &self.file {
            let cannot = |error: io::Error| {
                let path = file.path().display();
                Failure::system(format!("--metrics-textfile: {path} cannot be written: {error}"))
            };
            file.write(&told.report().prometheus()).map_err(cannot)?;
            file.clone().keep(told, self.interval).map_err(cannot)?;
        }
        Ok(Telling { address: address.transpose()?, file: self.file })
    }
}

impl Telling {
    /// The mount is gone: its file goes, too.
    pub(super) fn end(&self) {
        if let Some(file) = &self.file {
            file.end();
        }
    }
}

fn bind(address: SocketAddr) -> Result<Server, Failure> {
    Server::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Failure::system(format!(
            "--metrics: {address} is in use: choose another port, or 0 for any free one"
        )),
        _ => Failure::system(format!("--metrics: {address} cannot be used: {error}")),
    })
}

fn serve(server: Server, pages: Pages) -> Result<SocketAddr, Failure> {
    let cannot = |error: io::Error| Failure::system(format!("--metrics cannot be served: {error}"));
    let address = server.address().map_err(cannot)?;
    server.serve(pages).map_err(cannot)?;
    Ok(address)
}
