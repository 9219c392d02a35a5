use super::*;

fn change(watched: &Watched) {
    std::fs::write(watched.path("f"), "x").unwrap();
    std::fs::rename(watched.path("f"), watched.path("sub/g")).unwrap();
    std::fs::remove_file(watched.path("sub/g")).unwrap();
    std::fs::create_dir(watched.path("d")).unwrap();
}

#[test]
fn own_changes_are_left_out_and_counted() {
    for method in [WatchMethod::Filesystem, WatchMethod::Directories] {
        let Some(watched) = Watched::new(method) else { continue };
        change(&watched);
        // Other tests of this process and others on this machine change the same filesystem.
        let ours = [watched.id("/"), watched.id("sub")];
        let told = watched.settle();
        let told: Vec<_> =
            told.iter().filter(|told| told.at.as_ref().is_some_and(|at| ours.contains(&at.0))).collect();
        assert!(told.is_empty(), "{told:#?}");
        let usage = watched.watch.usage();
        assert!(usage.own >= 4 && usage.events > usage.own, "{usage:?}");
    }
}

#[test]
fn own_changes_are_told_to_who_asks_for_them() {
    for method in METHODS {
        let dir = tempfile::tempdir().unwrap();
        let Some(watched) = Watched::over(dir, WatchHow { own: true, ..how(method) }) else { continue };
        change(&watched);
        let id = watched.id("d");
        watched.expect("made", "d", id);
        let at = Some(watched.place("f"));
        watched.log.wait(|told| told.what == "moved" && told.at == at, "moved");
    }
}
