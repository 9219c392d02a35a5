use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longer ones are not ours.
const LENGTH_MAX: u64 = 64 << 10;

/// What a daemon leaves beside its socket, for whoever finds its mount after it was killed: the mount table says no more
/// than what it was told to call itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Who serves, or served.
    pub pid: u32,
    /// What is mounted.
    #[serde(with = "path")]
    pub source: PathBuf,
    /// Where.
    #[serde(with = "path")]
    pub mount: PathBuf,
    /// The state directory of this source, which holds its journal; none in a mode without one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_path")]
    pub state: Option<PathBuf>,
}

impl Trace {
    /// Where it is, for this socket.
    #[must_use]
    pub fn beside(socket: &Path) -> PathBuf {
        socket.with_extension("json")
    }

    /// Writes it beside the socket; what is there is replaced.
    ///
    /// # Errors
    /// Those of writing.
    pub fn leave(&self, socket: &Path) -> io::Result<()> {
        let path = Self::beside(socket);
        let new = socket.with_extension("json.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&new, path)
    }

    /// The one beside this socket, which itself may be gone. `None` if there is none, or none that can be read.
    #[must_use]
    pub fn of(socket: &Path) -> Option<Self> {
        let mut text = Vec::new();
        File::open(Self::beside(socket)).ok()?.take(LENGTH_MAX).read_to_end(&mut text).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Removes it: nothing is left to be told.
    pub fn remove(socket: &Path) {
        _ = fs::remove_file(Self::beside(socket));
    }
}

/// Text where the path is text, else its bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for Written {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
    }
}

impl From<Written> for PathBuf {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => text.into(),
            Written::Bytes(bytes) => OsString::from_vec(bytes).into(),
        }
    }
}

mod path {
    use super::{Deserialize, Deserializer, Path, PathBuf, Serialize, Serializer, Written};

    pub(super) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        Written::from(path).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<PathBuf, D::Error> {
        Written::deserialize(from).map(PathBuf::from)
    }
}

mod maybe_path {
    use super::{Deserialize, Deserializer, PathBuf, Serialize, Serializer, Written};

    #[expect(clippy::ref_option, reason = "serde gives it so")]
    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_deref().map(Written::from).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<Written>::deserialize(from)?.map(PathBuf::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_found_again_whatever_the_paths_are() {
        let top = tempfile::tempdir().expect("temp");
        let socket = top.path().join("0-51.7.sock");
        assert_eq!(Trace::of(&socket), None);
        for state in [None, Some(OsString::from_vec(b"/\xff\n".to_vec()).into())] {
            let trace = Trace { pid: 7, source: "/s".into(), mount: "/m".into(), state };
            trace.leave(&socket).expect("written");
            assert_eq!(Trace::of(&socket), Some(trace));
        }
        Trace::remove(&socket);
        assert_eq!(fs::read_dir(top.path()).expect("listed").count(), 0);
    }
}
