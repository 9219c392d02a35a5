//! The changes themselves, made in the source as any program would.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, setxattr};

use super::content::{RECORD, bytes};
use super::mapper::Mapper;
use super::plot::{ELSEWHERE, Kind, Plot};

/// The attribute that `Kind::Xattr` changes.
pub(crate) const ATTRIBUTE: &str = "user.version";

/// Bytes a program writes at once.
const CHUNK: usize = 64 << 10;

/// What a writer holds between two changes.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    root: PathBuf,
    /// Descriptors opened before the mount was there.
    held: HashMap<u32, File>,
    /// Records in files that grow.
    grown: HashMap<u32, u32>,
    mapper: Option<Mapper>,
}

impl Hands {
    /// Hands that make the first version of these plots below `root`.
    pub(crate) fn make(root: &Path, plots: &[&Plot]) -> Self {
        let mut hands = Self { root: root.to_path_buf(), ..Self::default() };
        fs::create_dir_all(root.join(ELSEWHERE)).unwrap();
        for plot in plots {
            fs::create_dir_all(root.join(&plot.directory)).unwrap();
            hands.make_first(plot);
        }
        if plots.iter().any(|plot| plot.kind == Kind::Mapping) {
            hands.mapper = Some(Mapper::start());
        }
        hands
    }

    fn make_first(&mut self, plot: &Plot) {
        let path = plot.path(&self.root);
        let first = bytes(plot.id, 0, 0, plot.records(0));
        match plot.kind {
            Kind::Directory | Kind::Symlink | Kind::Append => self.change(plot, 0),
            Kind::Descriptor => {
                let other = plot.elsewhere(&self.root);
                fs::write(&other, first).unwrap();
                self.held.insert(plot.id, OpenOptions::new().write(true).open(&other).unwrap());
                fs::rename(other, path).unwrap();
            }
            Kind::HardLink => {
                fs::write(&path, first).unwrap();
                fs::hard_link(&path, plot.elsewhere(&self.root)).unwrap();
            }
            Kind::Mode | Kind::Xattr => {
                fs::write(&path, first).unwrap();
                self.change(plot, 0);
            }
            _ => fs::write(&path, first).unwrap(),
        }
    }

    /// Makes this version of the plot.
    pub(crate) fn change(&mut self, plot: &Plot, version: u64) {
        let path = plot.path(&self.root);
        let all = || bytes(plot.id, version, 0, plot.records(version));
        match plot.kind {
            Kind::Append => self.append(plot, version, &path),
            Kind::Rewrite => {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                for (at, bytes) in (0..).zip(all().chunks(CHUNK)) {
                    file.write_all_at(bytes, at * CHUNK as u64).unwrap();
                }
            }
            Kind::HardLink => {
                let file = OpenOptions::new().write(true).open(plot.elsewhere(&self.root)).unwrap();
                file.write_all_at(&all(), 0).unwrap();
            }
            Kind::Descriptor => self.held[&plot.id].write_all_at(&all(), 0).unwrap(),
            Kind::Mapping => self.mapper.as_mut().unwrap().store(&path, &all()),
            Kind::Replace => {
                let aside = aside(&path);
                fs::write(&aside, all()).unwrap();
                fs::rename(aside, path).unwrap();
            }
            Kind::Truncate if version.is_multiple_of(2) => fs::write(path, all()).unwrap(),
            Kind::Truncate => {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(u64::from(half(plot)) * RECORD as u64).unwrap();
            }
            Kind::Name if version.is_multiple_of(2) => {
                File::create_new(path).unwrap().write_all(&all()).unwrap();
            }
            Kind::Name => fs::remove_file(path).unwrap(),
            Kind::Directory if version.is_multiple_of(2) => {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("inside"), "x").unwrap();
            }
            Kind::Directory => {
                fs::remove_file(path.join("inside")).unwrap();
                fs::remove_dir(path).unwrap();
            }
            Kind::Symlink => {
                let aside = aside(&path);
                symlink(format!("target-{version}"), &aside).unwrap();
                fs::rename(aside, path).unwrap();
            }
            Kind::Mode => fs::set_permissions(path, fs::Permissions::from_mode(mode(version))).unwrap(),
            Kind::Xattr => {
                setxattr(&path, ATTRIBUTE, version.to_string().as_bytes(), XattrFlags::empty()).unwrap();
            }
        }
    }

    fn append(&mut self, plot: &Plot, version: u64, path: &Path) {
        let grown = self.grown.entry(plot.id).or_default();
        let first = *grown;
        *grown += 1 + u32::try_from(version % 32).unwrap();
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(&bytes(plot.id, version, first, *grown)).unwrap();
    }
}

/// Where a successor is made before it takes the name.
fn aside(path: &Path) -> PathBuf {
    path.with_extension("aside")
}

/// Records left of a file that was cut to half.
pub(crate) fn half(plot: &Plot) -> u32 {
    plot.records(0) / 2
}

/// The permission bits of a version.
pub(crate) fn mode(version: u64) -> u32 {
    0o400 + u32::try_from(version % 0o400).unwrap()
}
