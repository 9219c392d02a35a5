//! Where a path leads, without its symlinks. Whoever asks a mount that hangs waits in the kernel and cannot even end: so
//! another process asks, which may be left behind.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use cachefs_fuse::control::Place;

/// What makes this program the one that asks; no verb, and for nobody else.
const ASK: &str = "--where-it-leads";
/// So long a mount may take to say what a path stands for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The path without symlinks.
///
/// # Errors
/// As the system has them; timed out, if the mount does not answer within ten seconds.
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    if !asks_a_mount(path) {
        return path.canonicalize();
    }
    let mut child = Command::new("/proc/self/exe")
        .args([OsStr::new(ASK), path.as_os_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    match heard(&mut child) {
        Some(bytes) => understood(child.wait()?.success(), bytes),
        None => {
            // It ends when the mount answers. Nobody may wait for that.
            _ = child.kill();
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

/// Whether the path, as it is written, lies where a process may have to answer.
fn asks_a_mount(path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Place::all().map_or(true, |mounts| mounts.iter().any(|mount| absolute.starts_with(&mount.mountpoint)))
}

/// All it says, if it does in time.
fn heard(child: &mut Child) -> Option<Vec<u8>> {
    let mut output = child.stdout.take()?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        tell.send(output.read_to_end(&mut bytes).map(|_| bytes))
    });
    told.recv_timeout(PATIENCE).ok()?.ok()
}

fn understood(found: bool, bytes: Vec<u8>) -> io::Result<PathBuf> {
    if found {
        return Ok(OsString::from_vec(bytes).into());
    }
    let errno = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse().ok());
    Err(errno.map_or_else(|| io::Error::other("it could not be asked for"), io::Error::from_raw_os_error))
}

/// In the process that asks: the path if all is well, else the number of the error.
pub(crate) fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let [ask, path] = arguments else { return None };
    if ask != ASK {
        return None;
    }
    let (code, bytes) = match Path::new(path).canonicalize() {
        Ok(path) => (0, path.as_os_str().as_bytes().to_vec()),
        Err(error) => (1, error.raw_os_error().map_or_else(Vec::new, |errno| errno.to_string().into_bytes())),
    };
    // Without a listener it was given up.
    _ = io::stdout().write_all(&bytes);
    Some(code.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_path_or_an_error() {
        assert_eq!(understood(true, b"/a b".to_vec()).ok(), Some("/a b".into()));
        let kind = |bytes: &[u8]| understood(false, bytes.to_vec()).map_err(|error| error.kind());
        assert_eq!(kind(b"2"), Err(io::ErrorKind::NotFound));
        assert_eq!(kind(b""), Err(io::ErrorKind::Other));
    }
}
