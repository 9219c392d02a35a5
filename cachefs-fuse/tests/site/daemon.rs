use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{wait_for, wait_until};

/// A running `cachefs-mount`; killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    pid: Pid,
    /// In the foreground it is our child.
    child: Option<Child>,
    ready: serde_json::Value,
}

impl Daemon {
    /// The one that a command started with `--json` left in the background.
    pub(crate) fn from_ready_line(output: &Output) -> Self {
        assert!(output.status.success(), "{output:?}");
        Self::ready(&String::from_utf8_lossy(&output.stdout), None)
    }

    /// Starts one in the foreground, with `--json`, and waits until its mount is ready.
    pub(crate) fn in_foreground(command: &mut Command) -> Self {
        let mut child = command.args(["-f", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self::ready(&line, Some(child))
    }

    fn ready(line: &str, child: Option<Child>) -> Self {
        let ready: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        let pid =
            ready["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw).unwrap();
        Self { pid, child, ready }
    }

    /// What it said when it was ready.
    pub(crate) fn told(&self, key: &str) -> &serde_json::Value {
        &self.ready[key]
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    /// Whether it runs.
    pub(crate) fn runs(&mut self) -> bool {
        match &mut self.child {
            Some(child) => child.try_wait().unwrap().is_none(),
            None => test_kill_process(self.pid).is_ok() && !is_zombie(self.pid),
        }
    }

    /// Waits until it has ended.
    pub(crate) fn wait_ended(&mut self) {
        wait_until("the daemon has ended", || !self.runs());
    }

    /// Waits until it has ended and answers its exit code. Only in the foreground.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let child = self.child.as_mut().unwrap();
        wait_for(|| child.try_wait().unwrap()).expect("the daemon has ended").code()
    }
}

/// Ended, but not yet noticed by its parent.
fn is_zombie(pid: Pid) -> bool {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && line.contains('Z'))
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ended = child.kill();
            let _reaped = child.wait();
        } else if self.runs() {
            let _gone = kill_process(self.pid, Signal::KILL);
        }
    }
}
