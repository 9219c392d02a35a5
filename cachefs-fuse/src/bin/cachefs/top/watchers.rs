//! Threads that ask, so that the screen waits for no mount.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use cachefs_fuse::control::{CallError, Client, Request, Stat};
use serde_json::Value;

use crate::list;
use crate::target::Target;
use crate::trouble::Trouble;

/// So many mounts are watched at most.
pub(super) const MOUNTS_MAX: usize = 64;
/// An answer that takes longer is not waited for any more; long before, the screen shows that none comes.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// What a thread found out.
#[derive(Debug)]
pub(super) enum News {
    /// How the mount of this number is, or why it does not say.
    Mount(usize, Result<Box<Stat>, String>),
    /// Where mounts are.
    Found(Vec<PathBuf>),
}

/// A thread for each mount, and one that looks for mounts. They end when this is dropped and they have an answer.
#[derive(Debug)]
pub(super) struct Watchers {
    tell: SyncSender<News>,
    told: Receiver<News>,
    asked: Vec<SyncSender<()>>,
    scout: Option<SyncSender<()>>,
}

impl Watchers {
    pub(super) fn new() -> Self {
        // Each thread has told at most one thing that is not read yet, and another on its way.
        let (tell, told) = sync_channel(2 * MOUNTS_MAX);
        Self { tell, told, asked: Vec::new(), scout: None }
    }

    /// One more mount; its number is how many there were before.
    pub(super) fn watch(&mut self, path: &Path) {
        let (number, path, tell) = (self.asked.len(), path.to_owned(), self.tell.clone());
        let (ask, asked) = sync_channel(1);
        self.asked.push(ask);
        thread::spawn(move || {
            let mut asking = Asking { path, client: None };
            while asked.recv().is_ok() {
                let stat = asking.stat().map(Box::new).map_err(|trouble| trouble.message);
                if tell.send(News::Mount(number, stat)).is_err() {
                    return;
                }
            }
        });
    }

    /// Has every mount asked that is not being asked.
    pub(super) fn ask(&self) {
        for ask in &self.asked {
            // It waits for its answer already, or has ended.
            _ = ask.try_send(());
        }
    }

    /// Has somebody look where mounts are.
    pub(super) fn look(&mut self) {
        let scout = self.scout.get_or_insert_with(|| scout(self.tell.clone()));
        _ = scout.try_send(());
    }

    /// What came meanwhile; does not wait.
    pub(super) fn news(&self) -> Option<News> {
        self.told.try_recv().ok()
    }
}

fn scout(tell: SyncSender<News>) -> SyncSender<()> {
    let (ask, asked) = sync_channel(1);
    thread::spawn(move || {
        while asked.recv().is_ok() {
            // A mount table that cannot be read now is read the next time.
            let found = list::mountpoints().unwrap_or_default();
            if tell.send(News::Found(found)).is_err() {
                return;
            }
        }
    });
    ask
}

/// Asks one mount, by a connection that is kept.
struct Asking {
    path: PathBuf,
    client: Option<Client>,
}

impl Asking {
    fn stat(&mut self) -> Result<Stat, Trouble> {
        let told = match self.client.take() {
            None => self.connected()?,
            // One that was idle for long is closed; or another process serves the mount by now.
            Some(client) => match self.call(client) {
                Ok(told) => told,
                Err(CallError::Broken(_)) => self.connected()?,
                Err(error) => return Err(error.into()),
            },
        };
        serde_json::from_value(Value::Object(told))
            .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))
    }

    fn connected(&mut self) -> Result<serde_json::Map<String, Value>, Trouble> {
        let (client, _) = Target::served(&self.path)?;
        client
            .patience(Some(ANSWER_MAX))
            .map_err(|error| Trouble::failed(format!("the mount does not answer: {error}")))?;
        Ok(self.call(client)?)
    }

    /// Keeps the connection if it answers.
    fn call(&mut self, mut client: Client) -> Result<serde_json::Map<String, Value>, CallError> {
        let told = client.call(&Request::new("stat", Value::Null), |_| {})?;
        self.client = Some(client);
        Ok(told)
    }
}
