use cachefs_vfs::{Access, OpenHow};

use super::*;

#[test]
fn a_change_through_a_link_elsewhere_is_told() {
    for method in METHODS {
        let Some(watched) = Watched::new(method) else { continue };
        watched.sh("mkdir hidden; echo x > f; ln f hidden/f");
        let id = watched.id("f");
        let file = watched.root.open(name("f"), OpenHow::new(Access::Path)).unwrap().handle;
        if method != WatchMethod::Filesystem {
            assert!(!watched.watch.covers(id), "only its directory is watched so far");
        }
        file.watch(&*watched.watch).unwrap();
        assert!(watched.watch.covers(id));
        for (script, what) in
            [("echo y >> hidden/f", "data"), ("chmod 600 hidden/f", "attr"), ("rm f", "attr")]
        {
            watched.settle();
            watched.sh(script);
            watched.expect_id(what, id);
        }
        drop(file);
        watched.sh("rm hidden/f");
        watched.expect_id("gone", id);
    }
}
