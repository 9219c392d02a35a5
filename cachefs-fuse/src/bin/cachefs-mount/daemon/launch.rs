use std::ffi::OsString;
use std::io::BufReader;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::voice::Word;
use crate::failure::Failure;

/// The first argument of the process that serves in the background.
pub(crate) const ARGUMENT: &str = "--internal-serve";

/// How long a mount may take to become ready: looking at a source that hangs must not hang for ever.
const START_MAX: Duration = Duration::from_secs(120);

/// Starts this program again, detached, with the same arguments, and returns when its mount is ready.
///
/// # Errors
/// What the daemon reports, or that it died.
pub(crate) fn launch(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("cachefs-mount").arg(ARGUMENT).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let cannot = |error| Failure::system(format!("the daemon cannot be started: {error}"));
    let mut daemon = command.spawn().map_err(cannot)?;
    let pipe = daemon.stdout.take().ok_or_else(|| Failure::system("the daemon cannot be heard"))?;
    listen(&mut daemon, pipe)
}

fn listen(daemon: &mut Child, pipe: ChildStdout) -> Result<(), Failure> {
    let (sender, words) = channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        while let Ok(Some(word)) = Word::hear(&mut pipe) {
            if sender.send(word).is_err() {
                break;
            }
        }
    });
    loop {
        match words.recv_timeout(START_MAX) {
            Ok(Word::Failed(failure)) => return Err(failure),
            Ok(word) => {
                word.show().map_err(|error| Failure::system(format!("nothing can be printed: {error}")))?;
                if matches!(word, Word::Ready(_)) {
                    return Ok(());
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Err(died(daemon)),
            Err(RecvTimeoutError::Timeout) => {
                _ = daemon.kill();
                let seconds = START_MAX.as_secs();
                return Err(Failure::mount(format!(
                    "the mount was not ready within {seconds} s: does the source answer?"
                )));
            }
        }
    }
}

fn died(daemon: &mut Child) -> Failure {
    let how = match daemon.wait() {
        Ok(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("by signal {signal}"),
            (None, Some(code)) => format!("with code {code}"),
            (None, None) => status.to_string(),
        },
        Err(error) => error.to_string(),
    };
    Failure::mount(format!("the daemon ended before the mount was ready ({how}): try -f to see why"))
}
