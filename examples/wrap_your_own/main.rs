//! Puts a cache over a filesystem of your own, one that knows nothing but paths.
//!
//! `Shelf` stands for your type: a map from paths to bytes, as an object store has it. `ShelfFs` and `Place` make it
//! a `Vfs` by joining the directory's path and the name; what it can't do it answers with `Error::unsupported`.
//!
//! `cargo run -p cachefs-examples --example wrap_your_own`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod bytes;
mod place;
mod shelf;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cachefs::CacheFs;
use cachefs_vfs::VfsExt;

use place::ShelfFs;
use shelf::Shelf;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let shelf = Arc::new(Shelf::default());
    shelf.put(Path::new("poems/spring.txt"), b"green, green".to_vec());
    shelf.put(Path::new("poems/autumn.txt"), b"gold".to_vec());

    let mine = ShelfFs { shelf: Arc::clone(&shelf) };
    let fs = CacheFs::builder(Arc::new(mine)).memory(16 << 20).build()?;

    for _ in 0..1000 {
        assert_eq!(fs.read("poems/spring.txt")?, b"green, green");
    }
    let gets = shelf.gets.load(Ordering::Relaxed);
    println!("1000 reads through the cache, {gets} asked of the shelf");
    assert_eq!(gets, 1);

    fs.write("poems/spring.txt", b"white")?;
    assert_eq!(fs.read("poems/spring.txt")?, b"white");
    let beneath = shelf.books.lock()[Path::new("poems/spring.txt")].bytes.clone();
    assert_eq!(beneath, b"white", "a write is on the shelf when it returns");

    for entry in fs.list("poems")? {
        println!("{entry:?}");
    }
    println!("{:#?}", fs.usage());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_does_what_it_says() {
        super::main().unwrap();
    }
}
