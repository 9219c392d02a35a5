//! How files come to be open: by name, created, by identity.

use cachefs_vfs::{
    Access, Attr, CreateHow, Errno, Error, FileId, Name, Object, OpenHow, Opened, Owner, Privileges, Result,
    VFile,
};

use super::dir::WriteDir;
use super::file::WriteFile;
use super::shared::Shared;
use crate::core::{Before, Known};
use crate::dirty::DirtyFile;
use crate::sync::Arc;

type File = Opened<Arc<dyn VFile>>;

impl WriteDir {
    /// A file that is to be cut is opened as it is, and cut like any other: it may be dirty, or become so meanwhile.
    pub(super) fn open_file(&self, name: Name<'_>, how: OpenHow) -> Result<File> {
        let _shared = self.shared.names.share(self.place.id(), name);
        let _opening = self.shared.handles.opening();
        let before = self.shared.core.before();
        if !how.truncate || !how.access.writes() {
            return self.opened(name, how, self.inner.open(name, how)?, before);
        }
        let opened = self.inner.open(name, OpenHow { truncate: false, ..how })?;
        self.cut(name, how, opened)
    }

    pub(super) fn create_file(&self, name: Name<'_>, how: CreateHow, owner: &Owner) -> Result<File> {
        let _shared = self.shared.names.share(self.place.id(), name);
        let _opening = self.shared.handles.opening();
        let before = self.shared.core.before();
        if how.exclusive || !how.open.truncate || !how.open.access.writes() {
            return self.opened(name, how.open, self.inner.create(name, how, owner)?, before);
        }
        match self.inner.create(name, CreateHow { exclusive: true, ..how }, owner) {
            Err(error) if error.errno() == Errno::EXIST => {}
            created => return self.opened(name, how.open, created?, before),
        }
        let open = OpenHow { truncate: false, ..how.open };
        let opened = self.inner.create(name, CreateHow { open, ..how }, owner)?;
        self.cut(name, how.open, opened)
    }

    /// Cuts what was opened. Nobody has said for whom, so it is for the process.
    fn cut(&self, name: Name<'_>, how: OpenHow, opened: File) -> Result<File> {
        let file = self.wrap_file(name, how, opened);
        let attr = file.set_len(0, Privileges::Keep)?;
        Ok(Opened { handle: Arc::new(file), attr })
    }

    fn opened(&self, name: Name<'_>, how: OpenHow, opened: File, before: Before) -> Result<File> {
        let attr = opened.attr;
        let known = is_as_new(&attr).then_some(Known { before, attr });
        let file = self.wrap_file(name, how, opened).opened_with(known);
        let attr = self.shared.laid_over(attr, before.asked(), || file.inner.attr())?;
        Ok(Opened { handle: Arc::new(file), attr })
    }

    fn wrap_file(&self, name: Name<'_>, how: OpenHow, opened: File) -> WriteFile {
        let place = self.shared.places.child(&self.place, name, opened.attr.id);
        WriteFile::new(&self.shared, opened.handle, &opened.attr, Some(how), place)
    }
}

/// Whether hardly anybody else can have the file yet. What others do to one that they have, between its opening and the
/// first write, is none of our business: it must not look like a change after that.
fn is_as_new(attr: &Attr) -> bool {
    attr.size == 0 && attr.links == 1
}

impl Shared {
    /// What the backing found by its identity.
    pub(super) fn found(self: &Arc<Self>, id: FileId) -> Result<Opened<Object>> {
        let _opening = self.handles.opening();
        let asked = self.core.asked();
        let Opened { handle, attr } = self.core.backing.open_id(id)?;
        match handle {
            Object::Dir(dir) => {
                let place = self.places.somewhere(attr.id);
                Ok(Opened { handle: Object::Dir(WriteDir::wrap(self, dir, place)), attr })
            }
            Object::File(file) => {
                // Without a name, and the last handle is gone: the file is, but for what remains of it at the backing.
                let dropped = |file: Arc<DirtyFile>| file.state().dropped;
                if attr.links == 0 && self.core.table.get(id).is_some_and(dropped) {
                    return Err(Error::new(Errno::STALE));
                }
                let file = self.found_file(file, &attr);
                let attr = self.laid_over(attr, asked, || file.inner.attr())?;
                Ok(Opened { handle: Object::File(Arc::new(file)), attr })
            }
        }
    }

    fn found_file(self: &Arc<Self>, file: Arc<dyn VFile>, attr: &Attr) -> WriteFile {
        let place = self.places.somewhere(attr.id);
        let how = (!attr.kind.is_regular()).then(|| OpenHow::new(Access::Path));
        WriteFile::new(self, file, attr, how, place)
    }
}
