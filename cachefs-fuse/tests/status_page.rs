//! The status page, in a real browser over a real mount. `cargo xtask pictures` has it leave a picture for the docs.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod browser;
mod site;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use browser::Browser;
use site::{Site, wait_until};

/// The directory for pictures, relative to the workspace.
const PICTURES: &str = "CACHEFS_PICTURES";
/// What a picture may take in the repository.
const PICTURE_MAX: u64 = 200_000;

#[test]
fn numbers_change_while_the_mount_is_used() {
    let site = Site::new();
    for number in 0..200 {
        fs::write(site.source().join(format!("file-{number}")), vec![7; 100_000 + number * 900]).unwrap();
    }
    site.settle();
    let Some(mut browser) = Browser::start(&site.top().join("browser")) else { return };
    let state = site.top().join("state");
    let state = state.to_str().unwrap();
    let daemon = site.mount(&[
        "--metrics",
        "127.0.0.1:0",
        "--profile",
        "direct",
        "--memory",
        "8M",
        "--mode",
        "back",
        "--state-dir",
        state,
    ]);
    let address = format!("http://{}/", daemon.told("metrics").as_str().unwrap());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| use_it(&site, &over));
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| look(&mut browser, &address)));
        over.store(true, Ordering::Relaxed);
        checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

fn look(browser: &mut Browser, address: &str) {
    browser.resize(1280, 900, false);
    browser.open(address);
    let tile = "[...document.querySelectorAll('.tile')].find((tile) => tile.innerText.includes('requests')).innerText";
    let mut seen: Vec<String> = Vec::new();
    wait_until("the requests per second change", || {
        let shown = browser.eval(&format!("document.querySelector('.tile') ? {tile} : ''"));
        let shown = shown.as_str().unwrap().to_owned();
        if shown.contains("/s") && !seen.contains(&shown) {
            seen.push(shown);
        }
        // Longer than the time that rates are taken over.
        seen.len() >= 9
    });
    let told = browser.eval("document.getElementById('state').innerText");
    assert!(told.as_str().unwrap().starts_with("All is well"), "{told}");
    let drawn = browser
        .eval("[...document.querySelectorAll('path')].filter((path) => path.getAttribute('d')).length");
    assert!(drawn.as_u64().unwrap() >= 15, "{drawn} lines");
    assert!(
        browser.eval("document.getElementById('table').innerText").as_str().unwrap().contains("request read")
    );
    assert!(browser.eval("document.body.innerText").as_str().unwrap().contains("it is not seen here"));

    browser.press("p");
    assert_eq!(browser.eval("document.getElementById('pause').innerText"), "Go on", "a key pauses it");
    browser.press("p");
    // On a phone, in the dark, nothing is wider than the screen.
    browser.resize(375, 800, true);
    assert_eq!(browser.eval("document.documentElement.scrollWidth"), 375);
    assert_eq!(browser.eval("getComputedStyle(document.body).backgroundColor"), "rgb(17, 22, 28)");
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
    if let Some(folder) = std::env::var_os(PICTURES) {
        take_picture(browser, &PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder));
    }
}

/// When there is something to be seen on it.
fn take_picture(browser: &mut Browser, folder: &std::path::Path) {
    browser.resize(1280, 900, false);
    browser.eval("document.getElementById('span').click(); document.getElementById('span').click()");
    browser.eval("new Promise((done) => setTimeout(done, 30000))");
    let encoded = browser.picture();
    fs::create_dir_all(folder).unwrap();
    let path = folder.join("status-page.png");
    let mut decoder = Command::new("base64")
        .arg("-d")
        .stdin(Stdio::piped())
        .stdout(fs::File::create(&path).unwrap())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut decoder.stdin.take().unwrap(), encoded.as_bytes()).unwrap();
    assert!(decoder.wait().unwrap().success());
    let length = fs::metadata(&path).unwrap().len();
    assert!(length < PICTURE_MAX, "{length} bytes");
}

/// Reads and writes, now more and now less, until it is over.
fn use_it(site: &Site, over: &AtomicBool) {
    let began = Instant::now();
    let mut buffer = vec![0; 64 << 10];
    for turn in 0_u32.. {
        // A few files often, all of them now and then.
        let number = if turn % 3 == 0 { turn / 3 % 200 } else { turn % 40 };
        let file = fs::File::open(site.mountpoint().join(format!("file-{number}"))).unwrap();
        _ = file.read_at(&mut buffer, u64::from(turn % 2) << 16).unwrap();
        if turn % 25 == 0 {
            fs::write(site.mountpoint().join(format!("new-{}", turn % 7)), &buffer[..20_000]).unwrap();
            assert!(!site.mountpoint().join(format!("missing-{}", turn % 50)).exists());
        }
        if over.load(Ordering::Relaxed) {
            return;
        }
        let wave = 1.5 + (began.elapsed().as_secs_f64() / 4.0).sin();
        std::thread::sleep(Duration::from_secs_f64(wave / 400.0)); // sleep: how fast the workload goes
    }
}
