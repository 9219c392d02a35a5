use std::ffi::OsString;
use std::io::BufReader;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::notifier::Notifier;
use super::pulse::Pulse;
use super::voice::Word;
use crate::failure::Failure;

/// The first argument of the process that serves in the background.
pub(crate) const ARGUMENT: &str = "--internal-serve";

/// How long a mount is waited for.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// So long the daemon may stand still before its mount is ready: looking at a source that hangs must not hang for
    /// ever. One that replays a large journal does not stand still.
    still_max: Duration,
    /// Between two looks at it.
    look: Duration,
    /// Between two lines that say that it is still at work.
    told: Duration,
}

const PATIENCE: Patience = Patience {
    still_max: Duration::from_secs(120),
    look: Duration::from_secs(1),
    told: Duration::from_secs(10),
};

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
    listen(&mut daemon, pipe, PATIENCE, &Notifier::of_this_process())
}

fn listen(
    daemon: &mut Child,
    pipe: ChildStdout,
    patience: Patience,
    notifier: &Notifier,
) -> Result<(), Failure> {
    let (sender, words) = channel();
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        while let Ok(Some(word)) = Word::hear(&mut pipe) {
            if sender.send(word).is_err() {
                break;
            }
        }
    });
    let mut watched = Watched::begin(daemon.id(), patience);
    loop {
        match words.recv_timeout(patience.look) {
            Ok(Word::Failed(failure)) => return Err(failure),
            Ok(word) => {
                watched.heard();
                word.show().map_err(|error| Failure::system(format!("nothing can be printed: {error}")))?;
                if matches!(word, Word::Ready(_)) {
                    notifier.ready_in(daemon.id());
                    return Ok(());
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Err(died(daemon)),
            Err(RecvTimeoutError::Timeout) if watched.stands_still() => {
                _ = daemon.kill();
                let seconds = patience.still_max.as_secs();
                return Err(Failure::mount(format!(
                    "the mount was not ready, and nothing moved for {seconds} s: does the source answer?"
                )));
            }
            Err(RecvTimeoutError::Timeout) if watched.moves() => notifier.extend("Starting"),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// A daemon whose mount is not ready yet.
struct Watched {
    pid: u32,
    patience: Patience,
    pulse: Option<Pulse>,
    moved: Instant,
    told: Instant,
}

impl Watched {
    fn begin(pid: u32, patience: Patience) -> Self {
        let now = Instant::now();
        Self { pid, patience, pulse: Pulse::of(pid), moved: now, told: now }
    }

    fn heard(&mut self) {
        self.moved = Instant::now();
        self.told = self.moved;
    }

    /// Whether it did something until the last look.
    fn moves(&self) -> bool {
        self.moved.elapsed() < self.patience.look
    }

    /// Whether it did nothing for too long. Says now and then that it is still at work.
    fn stands_still(&mut self) -> bool {
        let (now, pulse) = (Instant::now(), Pulse::of(self.pid));
        if pulse != self.pulse {
            (self.pulse, self.moved) = (pulse, now);
        }
        if self.moved == now && now.duration_since(self.told) >= self.patience.told {
            self.told = now;
            let done = pulse.map(|pulse| format!(": {pulse}")).unwrap_or_default();
            // Who does not listen has it all the same.
            _ = Word::Note(format!("process {} still gets the mount ready{done}", self.pid)).show();
        }
        now.duration_since(self.moved) >= self.patience.still_max
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens to a shell for so long that it may stand still for 300 ms.
    fn hear(script: &str) -> Result<(), Failure> {
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().expect("sh");
        let pipe = child.stdout.take().expect("its output");
        let patience = Patience {
            still_max: Duration::from_millis(300),
            look: Duration::from_millis(20),
            told: Duration::from_millis(100),
        };
        let heard = listen(&mut child, pipe, patience, &Notifier::default());
        _ = child.kill();
        _ = child.wait();
        heard
    }

    #[test]
    fn one_that_works_is_waited_for_and_one_that_hangs_is_not() {
        let began = Instant::now();
        // Counts for about a second, without a word.
        let at_work = "end=$(($(date +%s%N) / 100000000 + 9)); \
             while [ $(($(date +%s%N) / 100000000)) -lt $end ]; do :; done; echo 'ready '; read -r _";
        assert_eq!(hear(at_work), Ok(()));
        assert!(began.elapsed() > Duration::from_millis(600), "it was waited for");
        let hung = hear("exec sleep 60").expect_err("it does nothing");
        assert!(hung.to_string().contains("nothing moved"), "{hung}");
    }
}
