//! The seam: one set of delegating handles, and a trait to step in before and after every call.

mod call;
mod dir;
mod file;
mod paths;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cachefs_vfs::{
    Caps, Errno, Error, FileId, FsStat, Object, Opened, Result, VDir, Vfs, Watch, WatchHow, Watcher,
};

pub use call::{Call, CallKind, Target};

use dir::WrapDir;
use file::WrapFile;
use paths::Paths;

/// Steps in at every call to a filesystem.
pub trait Intercept: Send + Sync + Debug + 'static {
    /// Whether [`Call`]s carry paths. Without them handles are cheaper to open.
    const PATHS: bool;

    /// Before the call goes on, on the caller's thread; may wait.
    ///
    /// # Errors
    /// What the call is to answer instead of going on.
    fn before(&self, call: &Call<'_>) -> Result<Permit>;

    /// After the call, also when it failed or panicked, not when `before` refused it. `moved` is how many bytes
    /// were read, written or copied.
    fn after(&self, call: &Call<'_>, moved: u64);
}

/// How a call may go on.
#[derive(Clone, Debug, Default)]
pub struct Permit {
    /// Reads and writes move no more bytes than this.
    pub bytes_max: Option<usize>,
    /// The call takes effect but answers this: a reply that got lost.
    pub fail_after: Option<Errno>,
    /// The call takes effect, and its answer comes when all of these let it: a reply that is late.
    pub hold_after: Vec<Arc<dyn Hold>>,
}

/// Holds a reply back.
pub trait Hold: Send + Sync + Debug {
    /// Waits until the reply may go on.
    fn wait(&self);
}

/// A filesystem with an interceptor before it.
#[derive(Debug)]
pub struct Wrapped<I>(Arc<Seam<I>>);

impl<I: Intercept> Wrapped<I> {
    /// Puts `intercept` before `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Vfs>, intercept: I) -> Self {
        Self(Arc::new(Seam { inner, intercept, paths: Paths::default() }))
    }

    /// The interceptor.
    #[must_use]
    pub fn intercept(&self) -> &I {
        &self.0.intercept
    }

    /// The filesystem beneath, without the interceptor.
    #[must_use]
    pub fn inner(&self) -> &Arc<dyn Vfs> {
        &self.0.inner
    }
}

/// What all handles of one wrapper share.
#[derive(Debug)]
struct Seam<I> {
    inner: Arc<dyn Vfs>,
    intercept: I,
    paths: Paths,
}

/// Calls `after` however the call ends.
struct Finish<'a, I: Intercept> {
    intercept: &'a I,
    call: &'a Call<'a>,
    moved: u64,
}

impl<I: Intercept> Drop for Finish<'_, I> {
    fn drop(&mut self) {
        self.intercept.after(self.call, self.moved);
    }
}

impl<I: Intercept> Seam<I> {
    /// A call that moves no bytes.
    fn run<T>(&self, call: &Call<'_>, verb: impl FnOnce() -> Result<T>) -> Result<T> {
        self.transfer(call, |_| verb(), |_| 0)
    }

    /// A call that moves bytes, no more than the number given to it.
    fn transfer<T>(
        &self,
        call: &Call<'_>,
        verb: impl FnOnce(usize) -> Result<T>,
        moved: impl FnOnce(&T) -> u64,
    ) -> Result<T> {
        let permit = self.intercept.before(call)?;
        let mut finish = Finish { intercept: &self.intercept, call, moved: 0 };
        let result = verb(permit.bytes_max.unwrap_or(usize::MAX));
        if let Ok(value) = &result {
            finish.moved = moved(value);
        }
        for hold in permit.hold_after {
            hold.wait();
        }
        drop(finish);
        match permit.fail_after {
            Some(errno) if result.is_ok() => Err(Error::new(errno)),
            _ => result,
        }
    }

    /// Remembers by which path a file was seen.
    fn saw(&self, id: FileId, path: impl FnOnce() -> PathBuf) {
        if I::PATHS {
            self.paths.insert(id, path());
        }
    }
}

impl<I: Intercept> Vfs for Wrapped<I> {
    fn caps(&self) -> Caps {
        self.0.inner.caps()
    }

    fn root(&self) -> Result<Arc<dyn VDir>> {
        let call = Call::new(CallKind::Root, Path::new(""));
        let root = self.0.run(&call, || self.0.inner.root())?;
        Ok(WrapDir::wrap(&self.0, root, PathBuf::new()))
    }

    fn stat_fs(&self) -> Result<FsStat> {
        self.0.run(&Call::new(CallKind::StatFs, Path::new("")), || self.0.inner.stat_fs())
    }

    fn open_id(&self, id: FileId) -> Result<Opened<Object>> {
        let path = if I::PATHS { self.0.paths.get(id) } else { PathBuf::new() };
        let (at, name) = match (path.parent(), path.file_name()) {
            (Some(at), Some(name)) => (at, Some(name)),
            _ => (path.as_path(), None),
        };
        let call = Call { name, ..Call::new(CallKind::OpenId, at) };
        let found = self.0.run(&call, || self.0.inner.open_id(id))?;
        let handle = match found.handle {
            Object::Dir(dir) => Object::Dir(WrapDir::wrap(&self.0, dir, path)),
            Object::File(file) => {
                Object::File(WrapFile::wrap(&self.0, file, at.to_path_buf(), name.map(Into::into)))
            }
        };
        Ok(Opened { handle, attr: found.attr })
    }

    fn watch(&self, how: WatchHow, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Watch>> {
        self.0.run(&Call::new(CallKind::Watch, Path::new("")), || self.0.inner.watch(how, watcher))
    }

    fn touched(&self, id: FileId) {
        self.0.inner.touched(id);
    }
}

/// Makes a filesystem of a struct whose field `wrapped` is one.
macro_rules! vfs_by_field {
    ($name:ty) => {
        impl cachefs_vfs::Vfs for $name {
            fn caps(&self) -> cachefs_vfs::Caps {
                self.wrapped.caps()
            }
            fn root(&self) -> cachefs_vfs::Result<std::sync::Arc<dyn cachefs_vfs::VDir>> {
                self.wrapped.root()
            }
            fn stat_fs(&self) -> cachefs_vfs::Result<cachefs_vfs::FsStat> {
                self.wrapped.stat_fs()
            }
            fn open_id(
                &self,
                id: cachefs_vfs::FileId,
            ) -> cachefs_vfs::Result<cachefs_vfs::Opened<cachefs_vfs::Object>> {
                self.wrapped.open_id(id)
            }
            fn watch(
                &self,
                how: cachefs_vfs::WatchHow,
                watcher: std::sync::Arc<dyn cachefs_vfs::Watcher>,
            ) -> cachefs_vfs::Result<std::sync::Arc<dyn cachefs_vfs::Watch>> {
                self.wrapped.watch(how, watcher)
            }
            fn touched(&self, id: cachefs_vfs::FileId) {
                self.wrapped.touched(id);
            }
        }
    };
}
pub(crate) use vfs_by_field;
