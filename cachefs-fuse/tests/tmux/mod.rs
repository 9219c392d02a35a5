//! A terminal of any size, in which a shell runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::site::{run, wait_until};

/// A server of its own with one pane; gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Tmux {
    socket: PathBuf,
    config: PathBuf,
}

impl Tmux {
    /// `None` where tmux is missing, which is said; with `CACHEFS_REQUIRE_ALL` set it is a failure.
    pub(crate) fn start(top: &Path, (width, height): (u16, u16)) -> Option<Self> {
        if let Err(error) = Command::new("tmux").arg("-V").stdout(Stdio::null()).status() {
            assert!(std::env::var_os("CACHEFS_REQUIRE_ALL").is_none(), "tmux is needed: {error}");
            println!("skipped: needs tmux: {error}");
            return None;
        }
        let tmux = Self { socket: top.join(format!("tmux-{width}")), config: top.join("tmux.conf") };
        // All rows are for the pane.
        std::fs::write(&tmux.config, "set -g status off\nset -g default-terminal screen-256color\n").unwrap();
        let (width, height) = (width.to_string(), height.to_string());
        tmux.tell(&["new-session", "-d", "-x", &width, "-y", &height, "env PS1='$ ' sh"]);
        wait_until("a shell", || tmux.screen().contains('$'));
        Some(tmux)
    }

    /// Types a line.
    pub(crate) fn line(&self, text: &str) {
        self.tell(&["send-keys", "-l", text]);
        self.tell(&["send-keys", "Enter"]);
    }

    /// Presses a key, by its name.
    pub(crate) fn press(&self, key: &str) {
        self.tell(&["send-keys", key]);
    }

    /// What stands in the pane.
    pub(crate) fn screen(&self) -> String {
        self.tell(&["capture-pane", "-p"])
    }

    /// The same, with how it looks.
    pub(crate) fn looks(&self) -> String {
        self.tell(&["capture-pane", "-p", "-e"])
    }

    /// Waits until all of this stands there, and answers what else does.
    #[track_caller]
    pub(crate) fn wait(&self, parts: &[&str]) -> String {
        let mut screen = String::new();
        let found = crate::site::wait_for(|| {
            screen = self.screen();
            parts.iter().all(|part| screen.contains(part)).then_some(())
        });
        assert!(found.is_some(), "waited in vain for {parts:?} in\n{screen}");
        screen
    }

    fn tell(&self, words: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.arg("-u").arg("-S").arg(&self.socket).arg("-f").arg(&self.config).args(words);
        let output = run(tmux.env("TERM", "xterm-256color").env_remove("TMUX").env_remove("NO_COLOR"));
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        _ = tmux.arg("-S").arg(&self.socket).arg("kill-server").stderr(Stdio::null()).status();
    }
}
