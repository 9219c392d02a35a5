use std::io::{BufRead, Read};
use std::sync::atomic::AtomicBool;

use super::super::{CallError, Client, LINE_MAX, RefusalKind};
use super::*;

/// Answers what it was asked.
#[derive(Default)]
struct Echo {
    asked: AtomicBool,
}

impl Serve for Echo {
    fn serve(&self, request: &Request, talk: &mut Talk<'_>) -> Result<Value, Refusal> {
        self.asked.store(true, Ordering::Relaxed);
        match request.verb.as_str() {
            "echo" => {
                talk.progress(serde_json::json!({ "half": true }));
                Ok(serde_json::json!({ "arguments": request.arguments }))
            }
            verb => Err(Refusal::usage(format!("{verb} is no verb"))),
        }
    }
}

struct Setup {
    server: Option<Server>,
    top: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        let top = tempfile::tempdir().expect("temp");
        let server = Server::start(&top.path().join("a.sock"), Arc::new(Echo::default())).expect("server");
        Self { server: Some(server), top }
    }

    fn path(&self) -> PathBuf {
        self.top.path().join("a.sock")
    }

    fn stream(&self) -> UnixStream {
        UnixStream::connect(self.path()).expect("connect")
    }

    fn answers(&self) {
        let mut client = Client::connect(&self.path()).expect("connect");
        let mut heard = 0;
        let done = client.call(&Request::new("echo", serde_json::json!({ "x": 1 })), |_| heard += 1);
        assert_eq!(done.expect("done")["arguments"]["x"], 1);
        assert_eq!(heard, 1);
    }
}

fn first_line(stream: &UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a line");
    serde_json::from_str(&line).expect("json")
}

#[test]
fn requests_are_answered_one_after_the_other() {
    let setup = Setup::new();
    let mut client = Client::connect(&setup.path()).expect("connect");
    for _ in 0..3 {
        client.call(&Request::new("echo", Value::Null), |_| {}).expect("done");
        match client.call(&Request::new("dance", Value::Null), |_| {}) {
            Err(CallError::Refused(refusal)) => assert_eq!(refusal.kind, RefusalKind::Usage),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_socket_is_for_its_owner_and_goes_with_the_server() {
    let mut setup = Setup::new();
    let mode = setup.path().metadata().expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    setup.server.take();
    assert!(!setup.path().exists());
    // What another one left in the way is replaced.
    std::fs::write(setup.path(), "").expect("write");
    setup.server = Some(Server::start(&setup.path(), Arc::new(Echo::default())).expect("server"));
    setup.answers();
}

#[test]
fn nonsense_disturbs_nobody() {
    let setup = Setup::new();
    for text in ["{\n", "\n", "[1]\n", "{\"version\":9,\"verb\":\"echo\"}\n"] {
        let mut stream = setup.stream();
        stream.write_all(text.as_bytes()).expect("write");
        assert_eq!(first_line(&stream)["event"], "failed", "{text}");
    }
    // A line without an end is cut off, and the client with it.
    let mut stream = setup.stream();
    let long = vec![b' '; LINE_MAX + 1];
    stream.write_all(&long).expect("write");
    assert_eq!(first_line(&stream)["kind"], "usage");
    let _half_open: Vec<_> = (0..4).map(|_| setup.stream()).collect();
    setup.answers();
}

#[test]
fn a_crowd_is_sent_away() {
    let setup = Setup::new();
    let crowd: Vec<_> = (0..CLIENTS_MAX).map(|_| setup.stream()).collect();
    let late = setup.stream();
    assert_eq!(first_line(&late)["kind"], "temporary");
    for stream in &crowd {
        stream.shutdown(std::net::Shutdown::Both).expect("shutdown");
        // The server has seen it when it closed its end.
        let mut rest = Vec::new();
        let mut stream = stream;
        stream.read_to_end(&mut rest).expect("the end");
    }
    drop(crowd);
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let mut client = Client::connect(&setup.path()).expect("connect");
        match client.call(&Request::new("echo", Value::Null), |_| {}) {
            Ok(_) => break,
            Err(error) => assert!(std::time::Instant::now() < deadline, "{error}"),
        }
    }
}

/// The mode of the socket keeps others out already; where somebody opened it to them, they are refused all the same.
#[test]
fn other_users_are_refused_whatever_the_mode() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let setup = Setup::new();
    let opened =
        |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("chmod");
    opened(setup.top.path(), 0o755);
    opened(&setup.path(), 0o666);
    let path = setup.path();
    let as_nobody = move || {
        // Of this thread alone, which ends with it.
        rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).expect("setuid");
        let mut client = Client::connect(&path).expect("connect");
        client.call(&Request::new("echo", Value::Null), |_| {}).expect_err("refused")
    };
    let error = thread::spawn(as_nobody).join().expect("joined");
    assert!(error.to_string().contains("the mount of another user"), "{error}");
    setup.answers();
}
