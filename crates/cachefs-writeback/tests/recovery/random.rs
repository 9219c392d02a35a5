use std::collections::BTreeMap;

use cachefs_testkit::SplitMix64;
use cachefs_vfs::{Access, OpenHow, Privileges, SyncHow, VfsExt};
use cachefs_writeback::WriteBack;

use crate::world::{World, flush};

const LENGTH_MAX: u64 = 20_000;

/// What the files are, as every write that returned left them.
#[derive(Debug, Default)]
struct Model(BTreeMap<String, Vec<u8>>);

#[derive(Debug)]
struct Writer {
    rng: SplitMix64,
    model: Model,
}

impl Writer {
    fn name(&mut self) -> String {
        format!("d{}/f{}", self.rng.below(2), self.rng.below(4))
    }

    fn step(&mut self, fs: &WriteBack) {
        let name = self.name();
        match self.rng.below(100) {
            0..45 => self.write(fs, &name),
            45..55 => self.truncate(fs, &name),
            55..65 => self.append(fs, &name),
            65..72 => self.rename(fs, &name),
            72..78 if self.model.0.remove(&name).is_some() => fs.remove_file(&name).unwrap(),
            78..84 => self.sync(fs, &name),
            84..90 => flush(fs),
            90..94 if self.model.0.contains_key(&name) => fs.flush_path(name.as_ref()).unwrap(),
            94..97 => self.rename_dir(fs),
            _ => self.write(fs, &name),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(1 + self.rng.below(3000)).unwrap()];
        self.rng.fill(&mut bytes);
        bytes
    }

    fn write(&mut self, fs: &WriteBack, name: &str) {
        let bytes = self.bytes();
        let Some(content) = self.model.0.get_mut(name) else {
            fs.write(name, &bytes).unwrap();
            self.model.0.insert(name.to_owned(), bytes);
            return;
        };
        let offset = self.rng.below(LENGTH_MAX);
        let file = fs.open(name, OpenHow::new(Access::ReadWrite)).unwrap();
        assert_eq!(file.write_at(&bytes, offset, Privileges::Keep).unwrap(), bytes.len());
        let offset = usize::try_from(offset).unwrap();
        content.resize(content.len().max(offset + bytes.len()), 0);
        content[offset..offset + bytes.len()].copy_from_slice(&bytes);
    }

    fn truncate(&mut self, fs: &WriteBack, name: &str) {
        let length = self.rng.below(LENGTH_MAX);
        if let Some(content) = self.model.0.get_mut(name) {
            fs.set_len(name, length).unwrap();
            content.resize(usize::try_from(length).unwrap(), 0);
        }
    }

    fn append(&mut self, fs: &WriteBack, name: &str) {
        let bytes = self.bytes();
        fs.append(name, &bytes).unwrap();
        self.model.0.entry(name.to_owned()).or_default().extend(bytes);
    }

    fn rename(&mut self, fs: &WriteBack, name: &str) {
        let to = self.name();
        if to != name
            && let Some(content) = self.model.0.remove(name)
        {
            fs.rename(name, &to).unwrap();
            self.model.0.insert(to, content);
        }
    }

    /// Has the two directories change places, by way of a third name.
    fn rename_dir(&mut self, fs: &WriteBack) {
        for (from, to) in [("d0", "t"), ("d1", "d0"), ("t", "d1")] {
            fs.rename(from, to).unwrap();
        }
        let files = std::mem::take(&mut self.model.0);
        let swap = |name: String| match name.split_at(2) {
            ("d0", rest) => format!("d1{rest}"),
            (_, rest) => format!("d0{rest}"),
        };
        self.model.0 = files.into_iter().map(|(name, content)| (swap(name), content)).collect();
    }

    fn sync(&mut self, fs: &WriteBack, name: &str) {
        if self.model.0.contains_key(name) {
            fs.open(name, OpenHow::new(Access::Read)).unwrap().sync(SyncHow::All).unwrap();
        }
    }
}

fn compare(model: &Model, fs: &impl VfsExt, what: &str) {
    for (name, content) in &model.0 {
        let found = fs.read(name).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(found == *content, "{what}: {name} differs");
    }
    let names: usize = ["d0", "d1"].iter().map(|dir| fs.list(dir).unwrap().len()).sum();
    assert_eq!(names, model.0.len(), "{what}: nothing else is there");
}

fn run(seed: u64) {
    let mut world = World::new();
    world.backing.create_dir("d0").unwrap();
    world.backing.create_dir("d1").unwrap();
    let mut writer = Writer { rng: SplitMix64::new(seed), model: Model::default() };
    for life in 0..4 {
        let fs = world.open_quietly();
        compare(&writer.model, &fs, &format!("seed {seed}, life {life}"));
        for _ in 0..writer.rng.below(60) {
            writer.step(&fs);
        }
        world = world.kill();
    }
    let fs = world.open_quietly();
    flush(&fs);
    compare(&writer.model, &*world.backing, &format!("seed {seed}, flushed"));
}

#[test]
fn random_lives_that_all_end_by_a_kill_lose_nothing_and_make_no_conflict() {
    for seed in 0..300 {
        run(seed);
    }
}
