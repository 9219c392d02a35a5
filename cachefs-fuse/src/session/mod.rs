//! A mount from its start to its end.

mod attach;
pub(crate) mod mountinfo;
mod unmounter;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs_vfs::{Errno, Vfs, Watch, WatchHow, Watcher};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use fuser::{Session, SessionACL};
use parking_lot::Mutex;

use crate::adapter::Adapter;
use crate::dispatch::Dispatch;
use crate::notify::{Crier, Herald};
use crate::presser::Presser;
use crate::retirer::Retirer;
use crate::tree::Tree;
use crate::{MountConfig, MountError, Profile, RequestSnapshot, Trust, serve};
pub use unmounter::{How, Unmounter};

/// How long the end of a mount waits for its threads; one that hangs in the filesystem is left to itself.
const JOIN_MAX: Duration = Duration::from_secs(1);
/// How often is looked whether a mount has ended although its threads have not. They tell by themselves, but for one that
/// hangs.
const HANGING: Duration = Duration::from_millis(500);

/// How the threads that serve have ended; an error if that is not known yet, or was told before.
type Ended = std::result::Result<io::Result<()>, RecvTimeoutError>;

/// A mounted filesystem, served by threads of this process. Dropping it unmounts: plainly, or lazily if it is in
/// use. The process must not use the mount from the threads that serve it.
#[derive(Debug)]
pub struct Mount {
    unmounter: Unmounter,
    profile: Profile,
    dispatch: Arc<Dispatch>,
    /// Reports the end of the serving threads.
    ended: Receiver<io::Result<()>>,
    presser: Presser,
    crier: Crier,
    retirer: Retirer,
    /// Ends before the threads that it tells.
    watch: Mutex<Option<Arc<dyn Watch>>>,
}

impl Mount {
    /// Mounts `fs` on the directory `mountpoint`; it is ready when this returns.
    ///
    /// # Errors
    /// [`MountError`]; nothing is left mounted then.
    pub fn start(fs: Arc<dyn Vfs>, mountpoint: &Path, config: MountConfig) -> Result<Self, MountError> {
        let (path, config) = (mount_point(mountpoint)?, serve::possible(config));
        let tree = Tree::new(Arc::clone(&fs), &config).map_err(MountError::Filesystem)?;
        let dispatch = Dispatch::start(tree, &config).map_err(MountError::Thread)?;
        let watch = watch(&*fs, dispatch.tree(), config.trust)?;
        let unmounter = attach_at(path, &config)?;
        Self::serve(dispatch, unmounter.clone(), watch, &config).inspect_err(|_| {
            if let Err(error) = unmounter.unmount(How::Lazy) {
                tracing::error!(%error, "a mount that could not be served is left");
            }
        })
    }

    fn serve(
        dispatch: Arc<Dispatch>,
        unmounter: Unmounter,
        watch: Option<Arc<dyn Watch>>,
        config: &MountConfig,
    ) -> Result<Self, MountError> {
        let adapter = Adapter::new(Arc::clone(&dispatch), config);
        let connection = unmounter.connection().try_clone_to_owned().map_err(MountError::Handshake)?;
        let acl = if config.allow_other { SessionACL::All } else { SessionACL::Owner };
        let mut options = fuser::Config::default();
        options.n_threads = Some(config.readers.max(1));
        let session = Session::from_fd(adapter, connection, acl, options).map_err(MountError::Handshake)?;
        let presser = Presser::start(Arc::clone(&dispatch), session.notifier(), config.inodes_max)
            .map_err(MountError::Thread)?;
        let connection = unmounter.connection().try_clone_to_owned().map_err(MountError::Handshake)?;
        let crier =
            Crier::start(dispatch.tree(), session.notifier(), connection, unmounter.device().to_owned())
                .map_err(MountError::Thread)?;
        let retirer = Retirer::start(&dispatch).map_err(MountError::Thread)?;
        let (report, ended) = bounded(1);
        let main = std::thread::Builder::new().name("cachefs-session".to_owned());
        main.spawn(move || {
            // Nobody listens once the mount was dropped with a thread hanging.
            let _unheard = report.try_send(session.run());
        })
        .map_err(MountError::Thread)?;
        unmounter.set_readahead(config.max_readahead);
        let (profile, watch) = (config.profile, Mutex::new(watch));
        Ok(Self { unmounter, profile, dispatch, ended, presser, crier, retirer, watch })
    }

    /// Where it is mounted, as an absolute path without symlinks.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.unmounter.path()
    }

    /// How it is served: as asked for, or else as far as this process and this kernel can.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self.profile {
            Profile::Stream if !self.dispatch.tree().serving().passes() => Profile::Pages,
            profile => profile,
        }
    }

    /// Openings are spared for others are taken not to make files longer in place
    /// ([`MountConfig::assume_no_growth`]).
    #[must_use]
    pub fn assumes_no_growth(&self) -> bool {
        self.dispatch.tree().belief().is_unasked()
    }

    /// What removes this mount from other threads.
    #[must_use]
    pub fn unmounter(&self) -> Unmounter {
        self.unmounter.clone()
    }

    /// What was asked so far, and what is held.
    #[must_use]
    pub fn requests(&self) -> RequestSnapshot {
        self.dispatch.snapshot()
    }

    /// What gives the counts of [`Mount::requests`] after `self` was given away to [`Mount::wait`].
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer(Arc::clone(&self.dispatch))
    }

    /// What tells the kernel of changes by others, and has answers under way not be remembered: for what no watch tells
    /// of, as when a user wants something forgotten. Telling it never waits, nor does it keep the mount.
    #[must_use]
    pub fn ear(&self) -> Arc<dyn Watcher> {
        Arc::new(Herald::new(self.dispatch.tree()))
    }

    /// Waits until the kernel ends the connection: the mount was removed, and nobody uses it any more. A thread
    /// that hangs in the filesystem by then is left to itself.
    ///
    /// # Errors
    /// The kernel's, if serving failed.
    pub fn wait(self) -> io::Result<()> {
        let ended = self.wait_for_end()?;
        self.finish(ended, Instant::now() + JOIN_MAX)
    }

    /// Waits for the end of the connection, which the threads tell of by ending themselves, unless one of them hangs.
    fn wait_for_end(&self) -> io::Result<Ended> {
        loop {
            match self.ended.recv_timeout(HANGING) {
                Err(RecvTimeoutError::Timeout) if !self.unmounter.has_ended(false)? => {}
                ended => {
                    // They may have ended for another reason: the mount is in use then, and stays.
                    while !self.unmounter.has_ended(true)? {}
                    return Ok(ended);
                }
            }
        }
    }

    fn finish(&self, ended: Ended, until: Instant) -> io::Result<()> {
        drop(self.watch.lock().take());
        self.presser.stop();
        self.crier.stop();
        self.retirer.stop();
        let ended = if ended.is_ok() { ended } else { self.ended.recv_deadline(until) };
        self.dispatch.stop();
        match ended {
            Ok(Err(error)) if error.raw_os_error() != Some(Errno::CONNABORTED.raw_os_error()) => Err(error),
            // Disconnected: it was reported before.
            Ok(_) | Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("a call to the filesystem hangs; its thread is left to itself");
                Ok(())
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let plain = self.unmounter.unmount(How::Plain);
        if let Err(error) = plain.or_else(|_| self.unmounter.unmount(How::Lazy)) {
            tracing::error!(%error, "cannot unmount");
        }
        if let Err(error) = self.finish(Err(RecvTimeoutError::Timeout), Instant::now() + JOIN_MAX) {
            tracing::warn!(%error, "serving ended with an error");
        }
    }
}

/// Sees what is asked of a mount without keeping it mounted.
#[derive(Clone, Debug)]
pub struct Observer(Arc<Dispatch>);

impl Observer {
    /// As [`Mount::requests`].
    #[must_use]
    pub fn requests(&self) -> RequestSnapshot {
        self.0.snapshot()
    }
}

/// Begins to be told of changes by others, if they are to be told of.
fn watch(fs: &dyn Vfs, tree: &Arc<Tree>, trust: Trust) -> Result<Option<Arc<dyn Watch>>, MountError> {
    if trust != Trust::Watch {
        return Ok(None);
    }
    let watch = fs.watch(WatchHow::default(), Arc::new(Herald::new(tree))).map_err(MountError::Watch)?;
    tree.begin_watch(&watch);
    Ok(Some(watch))
}

fn mount_point(path: &Path) -> Result<PathBuf, MountError> {
    let unusable = |source| MountError::MountPoint { path: path.to_path_buf(), source };
    let canonical = path.canonicalize().map_err(unusable)?;
    if !canonical.metadata().map_err(unusable)?.is_dir() {
        return Err(unusable(Errno::NOTDIR.into()));
    }
    Ok(canonical)
}

fn attach_at(path: PathBuf, config: &MountConfig) -> Result<Unmounter, MountError> {
    let connection = attach::attach(&path, config)?;
    let entry = mountinfo::mounted_at(&path)
        .map_err(|source| MountError::MountPoint { path: path.clone(), source })?;
    let Some(entry) = entry else {
        return Err(MountError::Refused { path, errno: Errno::NODEV });
    };
    Ok(Unmounter::new(path, entry.device, connection))
}
