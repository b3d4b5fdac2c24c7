//! Whom it serves, how many at once, and until when.

use crate::desk::running::{Input, Running};
use crate::desk::{LONG, Serving, all, plain, program, reset, run, shell};
use nix::sys::signal::Signal;
use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

#[test]
fn an_idle_client_is_closed() {
    let server = Serving::new(&["--idle", "100ms"]);
    assert_eq!(all(&mut server.connect()), b"");
    assert!(
        server.stop().out().contains("#1 *        nothing passed for 100ms: closed by us: in 0 B, out 0 B")
    );
}

#[test]
fn a_closed_listener_refuses_and_accepted_clients_live_on() {
    let server = Serving::new(&["--echo", "--close-listener-after", "2"]);
    let (mut one, mut two) = (server.connect(), server.connect());
    for stream in [&mut one, &mut two] {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    // Both are accepted; a third one may have come into the queue, and is reset then.
    let third = TcpStream::connect(("127.0.0.1", server.port));
    let refused = third.and_then(|mut stream| stream.read(&mut [0]));
    assert!(refused.is_err(), "{refused:?}");
    one.write_all(b"y").unwrap();
    one.read_exact(&mut [0]).unwrap();
    drop((one, two));
    let told = server.end();
    assert_eq!(told.code, Some(0), "{}", told.err);
}

#[test]
fn clients_that_no_file_is_left_for_are_told_of_while_they_wait() {
    let mut limited = shell("ulimit -Sn 24; ulimit -Hn 24; exec sockdrill serve 0 --echo");
    let server = Running::start(&mut limited, Input::Null);
    let port = server.port();
    let clients: Vec<_> = (0..24).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let wait = "* too many open files (`ulimit -n` shows the limit and raises it): new clients wait until others leave\n";
    server.tells(wait);
    // The others leave.
    let mut last = clients.into_iter().next_back().unwrap();
    last.set_read_timeout(Some(LONG)).unwrap();
    last.write_all(b"x").unwrap();
    last.read_exact(&mut [0]).unwrap();
    server.signal(Signal::SIGINT);
    let ended = server.end();
    assert_eq!((ended.err.matches("new clients wait").count(), ended.code), (1, Some(130)), "{}", ended.err);
}

#[test]
fn once_serves_one_client_and_its_bytes_are_stdout() {
    let server = Serving::new(&["--once"]);
    server.ask(b"raw\0\xff\n");
    let told = server.end();
    assert_eq!(told.out(), String::from_utf8_lossy(b"raw\0\xff\n"));
    assert!(told.err.contains("#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n"), "{}", told.err);
    assert_eq!(told.code, Some(0));
    let server = Serving::new(&["--once"]);
    reset(server.connect());
    assert_eq!(server.end().code, Some(5));
}

#[test]
fn once_whose_bytes_cannot_be_written_is_exit_3() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let server = Serving::start(program(&["serve", "0", "--once"]).stdout(full));
    server.connect().write_all(b"hello").unwrap();
    let told = server.end();
    let words = "error: cannot write to standard output: no space left on device";
    assert!(told.err.contains(words), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn clients_beyond_the_most_wait_in_the_queue() {
    // What is seen of them is served step by step, and the rest by a loop.
    for view in [&["--view", "text"][..], &[]] {
        let server = Serving::new(&[&["--echo", "--max-clients", "1"], view].concat());
        let mut first = server.connect();
        let mut second = server.connect();
        second.write_all(b"2").unwrap();
        for _ in 0..20 {
            first.write_all(b"1").unwrap();
            first.read_exact(&mut [0]).unwrap();
        }
        drop(first);
        second.read_exact(&mut [0]).unwrap();
        drop(second);
        let told = server.stop();
        let told = told.out() + &told.err;
        let line = |who: &str, what: &str| {
            let is = |line: &str| line.starts_with(who) && line.contains(what);
            told.lines().position(is).unwrap_or_else(|| panic!("no {who} {what} in {told}"))
        };
        assert!(line("#1 *", "closed by peer") < line("#2 *", "connected"), "{told}");
    }
}

#[test]
fn a_port_in_use_is_said_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let told = run(&["serve", &port.to_string()]);
    let err = "error: 127.0.0.1:PORT: address already in use
hint: another socket has that port; port 0 gives a free one\n";
    assert_eq!((plain(&told.err, port).as_str(), told.code), (err, Some(3)));
}

#[test]
fn wrong_usage_is_exit_2() {
    for words in [
        &["serve", "70000"][..],
        &["serve", "0", "1", "2"],
        &["serve", "0", "--on", "a"],
        &["serve", "0", "--on", "a+", "--reply", "x"],
        &["serve", "0", "--echo", "--discard"],
        &["serve", "0", "--drip", "fast"],
        &["serve", "0", "--script", "/no/such/file"],
        &["serve", "0", "--reply", r"\q"],
        &["serve", "0", "--once", "--close-listener-after", "2"],
        &["serve", "0", "--hang", "--reset-after", "3"],
        &["serve", "0", "--hang", "--close-after", "3msg"],
        &["serve", "0", "--hang", "--delay", "1"],
        &["serve", "0", "--hang", "--drip", "1"],
        &["serve", "0", "--discard", "--drip", "1"],
        &["serve", "0", "--discard", "--delay", "1"],
        &["serve", "0", "--short", "--close-after", "3"],
        &["serve", "0", "--delay", "1"],
        &["serve", "unix:/tmp/never-made", "--reply", "x", "--reset-after", "3"],
    ] {
        let told = run(words);
        assert_eq!(told.code, Some(2), "{words:?}: {}", told.err);
        assert!(told.err.starts_with("error: "), "{words:?}: {}", told.err);
    }
}

#[test]
fn the_banner_says_who_can_connect() {
    let banner = |address: &str| {
        let server = Serving::start(&mut program(&["serve", address, "--echo"]));
        let told = server.stop();
        told.err.lines().next().unwrap().to_owned()
    };
    assert!(banner("127.0.0.1:0").contains("(loopback only; *:PORT for all)"));
    assert!(banner("*:0").contains("(all interfaces)"));
}

#[test]
fn the_port_is_in_the_file_and_in_the_first_event() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("port");
    let mut child =
        program(&["serve", "0", "--json", "--port-file", file.to_str().unwrap()]).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let first: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (first["event"].as_str(), first["format"].as_str()),
        (Some("listening"), Some("sockdrill-events"))
    );
    let port: u16 = first["at"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    while !line.contains("accepted") {
        line.clear();
        out.read_line(&mut line).unwrap();
    }
    // Written before the first client is accepted.
    assert_eq!(std::fs::read_to_string(file).unwrap(), format!("{port}\n"));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_command_beside_gets_the_port_and_gives_its_status() {
    let told = run(&[
        "serve",
        "0",
        "--echo",
        "--",
        env!("CARGO_BIN_EXE_sockdrill"),
        "send",
        "{address}",
        "hi",
        "--quiet",
    ]);
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert_eq!(run(&["serve", "0", "--", "sh", "-c", "exit 7"]).code, Some(7));
    assert_eq!(run(&["serve", "0", "--", "sh", "-c", "kill -9 $$"]).code, Some(137));
    for (program, problem) in [
        ("/no/such/program", "error: cannot run /no/such/program: there is no such program\n"),
        ("/", "error: cannot run /: it is no program that you may run\n"),
        ("echo hi", "hint: each word is an argument of its own; a shell takes a line: `sh -c 'echo hi'`\n"),
    ] {
        let told = run(&["serve", "0", "--", program]);
        assert!(told.err.ends_with(problem), "{}", told.err);
        // Nobody is told of a listener that is not served.
        assert_eq!((told.code, told.err.contains("listening")), (Some(2), false), "{}", told.err);
    }
    let told = run(&["serve", "0", "--port-file", "/no/such/directory/port"]);
    let problem = "error: cannot write /no/such/directory/port: no such file or directory\n";
    assert_eq!((told.err.as_str(), told.code), (problem, Some(3)));
}

#[test]
fn a_command_beside_is_told_an_address_that_it_can_connect_to() {
    for all in ["*:0", "0.0.0.0:0"] {
        let sockdrill = env!("CARGO_BIN_EXE_sockdrill");
        let told =
            run(&["serve", all, "--echo", "--", sockdrill, "send", "{host}", "{port}", "hi", "--quiet"]);
        assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    }
}

#[test]
fn a_unix_socket_is_served_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let address = format!("unix:{}", path.display());
    let told = run(&[
        "serve",
        &address,
        "--echo",
        "--",
        env!("CARGO_BIN_EXE_sockdrill"),
        "send",
        &address,
        "hi",
        "--quiet",
    ]);
    assert_eq!((told.out(), told.code), ("hi".to_owned(), Some(0)), "{}", told.err);
    assert!(!path.exists());
}

#[test]
fn a_signal_right_behind_the_first_is_the_same() {
    // timeout(1) signals its child, and then the child's group.
    for signal in [Signal::SIGTERM, Signal::SIGINT].repeat(10) {
        let server = Serving::new(&["--echo"]);
        let mut client = server.connect();
        client.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
        server.signal(signal);
        server.signal(signal);
        let told = server.end();
        assert!(told.err.contains("* 1 client in "), "{signal}: {}", told.err);
        assert_eq!(told.code, Some(128 + signal as i32));
    }
}

#[test]
fn a_second_ctrl_c_leaves_no_command_behind() {
    let script = "trap '' INT; echo $$; exec sleep 1000";
    let mut server = Serving::start(&mut program(&["serve", "0", "--", "sh", "-c", script]));
    let mut line = String::new();
    server.stdout().read_line(&mut line).unwrap();
    let id = nix::unistd::Pid::from_raw(line.trim().parse().unwrap());
    // Signals of one kind that come together are one: until it has ended there may be another.
    let began = std::time::Instant::now();
    while nix::sys::signal::kill(id, None).is_ok() {
        server.signal(Signal::SIGINT);
        assert!(began.elapsed() < LONG, "it is still there");
        std::thread::yield_now();
    }
    assert_eq!(server.end().code, Some(130));
}

#[test]
fn a_backlog_that_the_kernel_cuts_is_told() {
    let most: u32 = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let note = |wanted: u64| {
        format!("* the kernel lets {most} wait, not {wanted}: net.core.somaxconn is the most\n")
    };
    let one_more = u64::from(most) + 1;
    let told = Serving::new(&["--backlog", &one_more.to_string()]).stop();
    assert!(told.err.contains(&note(one_more)), "{}", told.err);
    for words in [&["--backlog", &most.to_string()][..], &[]] {
        let told = Serving::new(words).stop();
        assert!(!told.err.contains("somaxconn"), "{}", told.err);
    }
}

#[test]
fn what_does_not_count_of_a_script_is_told_before_it_serves() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("script.yaml");
    let text = "within: 300ms\nsteps:\n  - send: { from: conn, text: hi }\nfinally:\n  - note: over\n";
    std::fs::write(&script, text).unwrap();
    let words = ["serve", "0", "--script", script.to_str().unwrap(), "--", "true"];
    let told = run(&words);
    assert_eq!(told.code, Some(0), "{}", told.err);
    for warned in [
        "its `within` would not count where this is included",
        "`finally` does not run where this is included",
    ] {
        assert!(told.err.contains(&format!("warning: {warned}\n")), "{}", told.err);
    }
    assert!(!run(&[&words[..4], &["--quiet"], &words[4..]].concat()).err.contains("warning"));
}
