//! What a session saves: checked, replayed fifty times under load, without fixed ports, and worth
//! something: another answer fails it.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn sockdrill(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sockdrill")).args(arguments).current_dir(directory).output().unwrap()
}

fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(text, "{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Runs a session that saves itself, and holds what it saved against what a saved session must be.
/// `answer` is what a peer said; with `other` in its place the file must fail.
fn saved(session: &str, answer: &str, other: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let run = sockdrill(here, &["repl", "-c", &format!("{session}; save saved.yaml")]);
    assert!(run.status.success(), "{}", said(&run));
    assert!(said(&run).contains("* saved saved.yaml: "), "{}", said(&run));
    let yaml = std::fs::read_to_string(here.join("saved.yaml")).unwrap();
    let check = sockdrill(here, &["check", "saved.yaml"]);
    assert!(check.status.success(), "{}{yaml}", said(&check));
    let replay = sockdrill(here, &["replay", "saved.yaml", "--repeat", "50", "--jobs", "25"]);
    assert!(replay.status.success(), "{}{yaml}", said(&replay));
    assert_eq!(fixed_ports(&yaml), Vec::<String>::new(), "{yaml}");
    assert!(yaml.contains(answer), "{yaml}");
    let last = yaml.rfind(answer).unwrap();
    let changed = format!("{}{other}{}", &yaml[..last], &yaml[last + answer.len()..]);
    std::fs::write(here.join("changed.yaml"), &changed).unwrap();
    let replay = sockdrill(here, &["replay", "changed.yaml"]);
    assert_eq!(replay.status.code(), Some(1), "{}{changed}", said(&replay));
    yaml
}

/// Numbers behind a colon that are no port 0.
fn fixed_ports(yaml: &str) -> Vec<String> {
    let after = yaml.split(':').skip(1);
    let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    after.map(number).filter(|number| number.len() > 1).collect()
}

#[test]
fn an_echo_server() {
    let yaml = saved(
        "listen server 127.0.0.1:0; connect client server; accept conn server; send client \"hello\"; recv conn; \
         send conn \"hello\"; recv client; close client; expect conn eof",
        "\"hello\"",
        "\"hullo\"",
    );
    assert!(
        yaml.contains("- expect:  { at: client, text: \"hello\" }"),
        "a bare recv expects what came: {yaml}"
    );
}

#[test]
fn a_half_close() {
    saved(
        "listen server 127.0.0.1:0; connect client server; accept conn server; shutdown client; expect conn eof; \
         check conn state=close-wait; send conn \"late\"; recv client; close conn; recv client",
        "text: \"late\" }\n  - close",
        "text: \"lace\" }\n  - close",
    );
}

#[test]
fn a_reset() {
    let yaml = saved(
        "listen server 127.0.0.1:0; connect client server; accept conn server; send conn \"x\"; abort conn; \
         expect client \"x\"; expect client reset",
        "reset: true",
        "eof: true",
    );
    assert!(yaml.contains("- abort:   conn"), "{yaml}");
}

#[test]
fn a_listener_closed_with_a_client_on() {
    saved(
        "listen server 127.0.0.1:0; connect client server; accept conn server; close server; send conn \"on\"; \
         recv client; connect late server fails=refused",
        "\"on\" }\n  - connect",
        "\"no\" }\n  - connect",
    );
}

#[test]
fn datagrams() {
    saved(
        "bind rx 127.0.0.1:0; bind tx 127.0.0.1:0; send tx \"one\" to=rx; send tx \"\" to=rx; recv rx; recv rx; \
         send rx \"two\" to=tx; recv tx",
        "text: \"two\"",
        "text: \"too\"",
    );
}

#[test]
fn a_spawned_server_on_a_fixed_port() {
    let directory = tempfile::tempdir().unwrap();
    let server = directory.path().join("server.py");
    std::fs::write(
        &server,
        "import socket, sys\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n\
         s.bind(('127.0.0.1', int(sys.argv[1])))\ns.listen()\nprint('ready on', sys.argv[1], flush=True)\n\
         while True:\n    c, _ = s.accept()\n    c.sendall(b'pong ' + c.recv(100))\n    c.close()\n",
    )
    .unwrap();
    // Free when asked for; the session itself fixes it, as people do.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = server.display();
    let yaml = saved(
        &format!(
            "spawn app [python3 {server} {port}] ready={{listening=127.0.0.1:{port}}} within=2m; recv app; \
             connect c 127.0.0.1:{port}; send c \"ping\"; expect c \"pong ping\"; recv c; close c; stop app"
        ),
        "\"pong ping\"",
        "\"gnop ping\"",
    );
    assert!(yaml.contains("${port.app}"), "{yaml}");
    assert!(yaml.contains("ready on ${port.app}"), "what it said is followed too: {yaml}");
}

#[test]
fn unix_paths_typed_addresses_and_failures_are_saved_without_what_is_fixed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let session = format!(
        "listen server unix:{path}; connect client unix:{path}; accept conn server; send client \"x\"; recv conn",
        path = path.display()
    );
    let yaml = saved(&session, "text: \"x\"", "text: \"y\"");
    assert!(
        yaml.contains("unix:${tmp}/server") && !yaml.contains(&*directory.path().to_string_lossy()),
        "{yaml}"
    );
}

#[test]
fn a_signal_ends_the_replay_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let fifo = here.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // It answers the first time only; the second time it says so to the test, and waits.
    let program = "cd $0; if mkdir first; then echo go; else echo again > fifo; read line; fi";
    let at = here.display();
    let session =
        format!("spawn app [sh -c \"{program}\" {at}]; expect app \"go\\n\" within=1h; save a.yaml");
    let child = Command::new(env!("CARGO_BIN_EXE_sockdrill"))
        .args(["repl", "-c", &session])
        .current_dir(here)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Opened at once, so that a replay that never comes to it is seen as what it is.
    let mut from = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&fifo).unwrap();
    let mut waiting = [PollFd::new(from.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut waiting, PollTimeout::from(60_000_u16)), Ok(1), "the program ran a second time");
    from.read_exact(&mut [0; 6]).unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let run = child.wait_with_output().unwrap();
    assert_eq!(run.status.code(), Some(130), "{}", said(&run));
    assert!(said(&run).contains("* stopped: save a.yaml; nothing is written"), "{}", said(&run));
    let mut left: Vec<_> = std::fs::read_dir(here).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["fifo", "first"]);
}

#[test]
fn a_failure_is_saved_by_all_and_nothing_is_saved_of_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let run = sockdrill(here, &["repl", "-c", "save a.yaml"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(said(&run).contains("there is nothing to save"), "{}", said(&run));
    assert!(!here.join("a.yaml").exists());
    // What `undo` takes back and what failed is left out; with --all a failure is what must happen.
    let steps = "listen s 127.0.0.1:0\nconnect a s\nnote gone\nundo\nclose s\nsave a.yaml --all\n";
    std::fs::write(here.join("steps.txt"), steps).unwrap();
    let run = sockdrill(here, &["repl", "-c", steps]);
    assert!(run.status.success(), "{}", said(&run));
}

#[test]
fn a_file_that_is_there_is_not_written_over_unless_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::fs::write(here.join("a.yaml"), "mine").unwrap();
    let read = || std::fs::read_to_string(here.join("a.yaml")).unwrap();
    let run = sockdrill(here, &["repl", "-c", "note one; save a.yaml; note never"]);
    assert_eq!(run.status.code(), Some(2));
    assert_eq!(
        said(&run),
        "* one\nerror: a.yaml is there already\n  help: `save --force a.yaml` writes over it\n"
    );
    assert_eq!(read(), "mine");
    // What this session saved is its own.
    let run = sockdrill(here, &["repl", "-c", "note one; save --force a.yaml; note two; save ./a.yaml"]);
    assert!(run.status.success(), "{}", said(&run));
    assert_eq!(said(&run).matches(", over the file that was there").count(), 2, "{}", said(&run));
    assert!(read().contains("two"), "{}", read());
    // Unless somebody else has written to it since.
    let program = "echo '# by hand' >> $0";
    let at = here.join("b.yaml");
    let session = format!(
        "note one; save b.yaml; spawn app [sh -c \"{program}\" {}]; expect app exit=0; save b.yaml",
        at.display()
    );
    let run = sockdrill(here, &["repl", "-c", &session]);
    assert_eq!(run.status.code(), Some(2), "{}", said(&run));
    assert!(said(&run).contains("error: b.yaml has changed since it was saved here"), "{}", said(&run));
    assert!(std::fs::read_to_string(&at).unwrap().ends_with("# by hand\n"));
}

#[test]
fn what_is_no_regular_file_is_never_saved_to() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    std::os::unix::fs::symlink("gone.yaml", here.join("link.yaml")).unwrap();
    let why = |file: &str| said(&sockdrill(here, &["repl", "-c", &format!("note x; save {file}")]));
    assert!(why("--force .").contains("error: . is a directory\n"), "{}", why("--force ."));
    assert!(why("--force /dev/stdout").contains("/dev/stdout is no regular file"));
    assert!(why("link.yaml").contains("link.yaml is there already"), "{}", why("link.yaml"));
    assert!(why("no/such/a.yaml").contains("cannot write no/such/a.yaml: there is no such directory"));
}
