use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cachefs::CacheFs;
use cachefs_fuse::Observer;
use cachefs_fuse::control::{ForgetArguments, Forgotten, Refusal, Request, Talk};
use cachefs_vfs::{FileId, Name, Notice, Result as Answer, Subject, Touch, VfsExt, Watcher};
use serde_json::Value;

use super::asking::{Far, Patience, ask};
use super::file::refusal;
use super::{ASKING_MAX, Mounted, inside, told};

/// So long a source may say nothing.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Names that are forgotten between two words to the client.
const PART: u64 = 256;
/// So long who asked waits for the kernel to have heard of it.
const KERNEL_MAX: Duration = Duration::from_millis(500);

/// What is to be forgotten.
enum Wanted {
    Path(PathBuf),
    Glob(String),
}

/// What forgets one name; answers the bytes that were held of it.
type One = fn(&Forgetting, &Path) -> Answer<u64>;

/// What forgetting needs.
struct Forgetting {
    cache: CacheFs,
    ear: Arc<dyn Watcher>,
    observer: Observer,
}

/// Has the source asked again for what matches: contents, attributes and names.
pub(super) fn invalidate(
    mounted: &Mounted,
    request: &Request,
    talk: &mut Talk<'_>,
) -> Result<Value, Refusal> {
    run(mounted, request, talk, Forgetting::invalidate)
}

/// Gives back the memory that the contents of what matches take.
pub(super) fn evict(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
    run(mounted, request, talk, Forgetting::evict)
}

fn run(mounted: &Mounted, request: &Request, talk: &mut Talk<'_>, one: One) -> Result<Value, Refusal> {
    let wanted = match request.arguments()? {
        ForgetArguments { path: Some(path), glob: None } => Wanted::Path(inside(&path)?.to_owned()),
        ForgetArguments { path: None, glob: Some(glob) } => {
            inside(&glob)?;
            Wanted::Glob(glob)
        }
        _ => return Err(Refusal::usage(format!("{}: give either a path or a glob", request.verb))),
    };
    let busy = || Refusal::temporary("too many others are waiting for the source of this mount: try again");
    let slot = mounted.asking.enter(ASKING_MAX).ok_or_else(busy)?;
    let forgetting = Forgetting {
        cache: mounted.cache.clone(),
        ear: Arc::clone(&mounted.ear),
        observer: mounted.observer.clone(),
    };
    let work = move |far: &Far| {
        let forgotten = match wanted {
            Wanted::Path(path) if path.as_os_str().is_empty() => forgetting.everything(),
            Wanted::Path(path) => {
                let mut forgotten = Forgotten::default();
                forgetting.with_all_in(&path, one, &mut forgotten, far);
                forgotten
            }
            Wanted::Glob(glob) => forgetting.matches(&glob, one, far)?,
        };
        forgetting.settle();
        told(&forgotten)
    };
    ask((slot, "forgetting"), Patience { silence: SILENCE_MAX, until: None }, talk, work)
}

impl Forgetting {
    fn everything(&self) -> Forgotten {
        let bytes = self.cache.usage().bytes as u64;
        self.cache.clear();
        self.ear.notice(&Notice::Overflow);
        Forgotten { names: 0, bytes, errors: 0 }
    }

    fn matches(&self, glob: &str, one: One, far: &Far) -> Result<Forgotten, Refusal> {
        let mut forgotten = Forgotten::default();
        let mut found_any = false;
        for found in self.cache.glob(glob).map_err(|error| refusal(&error))? {
            found_any = true;
            match found {
                Ok(path) => self.with_all_in(&path, one, &mut forgotten, far),
                Err(_) => forgotten.errors += 1,
            }
            if far.is_over() {
                break;
            }
        }
        match found_any {
            true => Ok(forgotten),
            false => Err(Refusal::not_found(format!("{glob} matches nothing"))),
        }
    }

    /// What is in a directory before the directory, which is needed to find it.
    fn with_all_in(&self, path: &Path, one: One, forgotten: &mut Forgotten, far: &Far) {
        let is_dir = self.cache.stat(path).is_ok_and(|attr| attr.kind.is_dir());
        if is_dir && let Ok(walk) = self.cache.walk(path) {
            for found in walk {
                match found {
                    Ok(entry) => self.one(&entry.path, one, forgotten, far),
                    Err(_) => forgotten.errors += 1,
                }
                if far.is_over() {
                    return;
                }
            }
        }
        self.one(path, one, forgotten, far);
    }

    fn one(&self, path: &Path, one: One, forgotten: &mut Forgotten, far: &Far) {
        match one(self, path) {
            Ok(bytes) => {
                forgotten.names += 1;
                forgotten.bytes += bytes;
            }
            Err(error) if error.is_not_found() => forgotten.names += 1,
            Err(_) => forgotten.errors += 1,
        }
        if forgotten.names.is_multiple_of(PART)
            && let Ok(so_far) = told(forgotten)
        {
            far.hint(so_far);
        }
    }

    fn invalidate(&self, path: &Path) -> Answer<u64> {
        let before = self.cache.held(path).ok();
        // The cache first: the kernel asks as soon as it has forgotten.
        self.cache.invalidate(path)?;
        let now = self.cache.stat(path).map(|attr| attr.id);
        for id in before.iter().map(|held| held.attr.id).chain(now.iter().copied()) {
            self.tell_inode(id);
        }
        if let (Some(name), Ok(dir)) = (path.file_name(), self.cache.stat(parent(path))) {
            let child = now.as_ref().ok().copied();
            self.ear.notice(&Notice::Made { dir: dir.id, name: Name::new(name)?, child });
        }
        now.map(|_| before.map_or(0, |held| held.bytes))
    }

    fn evict(&self, path: &Path) -> Answer<u64> {
        let held = self.cache.evict(path)?;
        if held.attr.kind.is_regular() {
            self.tell_inode(held.attr.id);
        }
        Ok(held.bytes)
    }

    fn tell_inode(&self, id: FileId) {
        self.ear.notice(&Notice::Inode { whose: Subject { id: Some(id), at: None }, touch: Touch::Data });
    }

    /// What is done next meets a kernel that has heard of it. One that is busy is not waited for.
    fn settle(&self) {
        let until = Instant::now() + KERNEL_MAX;
        while self.observer.requests().notices.waiting > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}
