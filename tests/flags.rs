//! Every flag of `send` and `serve` is a step, and then the scenario it prints does the same, or only the
//! command can do it, and then `--as-scenario` refuses and names it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics where it fails"
)]

mod desk;

use desk::{LONG, Told, finish, program, run};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sockdrill::cli::flags::{Flag, OF_EVERY_COMMAND, SEND, SERVE, arguments};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The words of an example, as a shell splits them.
fn words(command: &str, example: &str, fill: &[(&str, &str)]) -> Vec<String> {
    let mut words = vec![command.to_owned()];
    let mut rest = example.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').unwrap(),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(fill.iter().fold(word.to_owned(), |word, (hole, value)| word.replace(hole, value)));
        rest = after.trim_start();
    }
    words
}

fn say(words: &[String]) -> Told {
    run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The command with `--as-scenario`, before a COMMAND.
fn as_scenario(words: &[String]) -> Told {
    let mut words = words.to_vec();
    words.insert(1, "--as-scenario".to_owned());
    say(&words)
}

/// The scenario in a file beside what it names.
fn written(words: &[String], directory: &Path) -> String {
    let told = as_scenario(words);
    assert_eq!(told.code, Some(0), "{words:?}: {}", told.err);
    let path = directory.join("printed.yaml");
    std::fs::write(&path, &told.out).unwrap();
    let checked = run(&["check", path.to_str().unwrap()]);
    assert_eq!(checked.code, Some(0), "{}\n{}", told.out(), checked.err);
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_argument_is_in_the_table_and_the_table_has_no_other() {
    for (command, table) in [("send", SEND), ("serve", SERVE)] {
        let mut names: Vec<String> = arguments(command).into_iter().map(|(name, _)| name).collect();
        names.retain(|name| !OF_EVERY_COMMAND.contains(&name.as_str()));
        let mut rows: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        names.sort();
        rows.sort_unstable();
        assert_eq!(names, rows, "{command}");
    }
}

#[test]
fn what_only_the_command_can_do_is_refused_by_name() {
    for (command, table) in [("send", SEND), ("serve", SERVE)] {
        let written = arguments(command);
        for (name, flag) in table {
            let Flag::CommandOnly(example) = flag else { continue };
            let told = as_scenario(&words(command, example, &[("{}", "127.0.0.1:9")]));
            let flag = &written.iter().find(|(one, _)| one == name).unwrap().1;
            assert_eq!((told.code, told.out.len()), (Some(2), 0), "{command} {name}: {}", told.out());
            assert!(
                told.err.starts_with(&format!("error: {flag} is no step")),
                "{command} {name}: {}",
                told.err
            );
        }
    }
}

/// What each client said, and whether it ended in order.
type Heard = Vec<(Vec<u8>, bool)>;

/// An echo server for `connections` clients that gives what each of them said and how it ended.
fn listening(address: &str, connections: usize) -> (String, std::thread::JoinHandle<Heard>) {
    let listener = TcpListener::bind(address).unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let one = |mut stream: TcpStream| {
            let (mut said, mut buffer) = (Vec::new(), vec![0; 65536]);
            stream.set_read_timeout(Some(LONG)).unwrap();
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => return (said, true),
                    Ok(count) => {
                        said.extend(&buffer[..count]);
                        // The client may have what it wants and be gone.
                        let _ = stream.write_all(&buffer[..count]);
                    }
                    Err(_) => return (said, false),
                }
            }
        };
        (0..connections).map(|_| one(listener.accept().unwrap().0)).collect()
    });
    (at, thread)
}

/// A TLS echo server of our own, its certificate in `cert`.
fn tls_server(cert: &str) -> (Child, String) {
    let mut child =
        program(&["serve", "0", "--echo", "--tls", "--cert", cert, "--key", cert, "--alpn", "h2"])
            .spawn()
            .unwrap();
    let mut banner = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut banner).unwrap();
    let at = banner.split(' ').nth(3).unwrap().to_owned();
    (child, at)
}

fn certificate(directory: &Path) -> Option<String> {
    if !desk::installed::has("openssl") {
        return None;
    }
    let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=drill", "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-addext", "subjectAltName=DNS:localhost,DNS:drill.example"]).arg("-keyout").arg(&key);
    command.arg("-out").arg(&cert).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    let both = directory.join("both.pem");
    let text = std::fs::read_to_string(&cert).unwrap() + &std::fs::read_to_string(&key).unwrap();
    std::fs::write(&both, text).unwrap();
    Some(both.to_str().unwrap().to_owned())
}

#[test]
fn the_scenario_of_send_does_what_send_does() {
    let directory = tempfile::tempdir().unwrap();
    let cert = certificate(directory.path());
    for (name, flag) in SEND {
        let Flag::Step(example) = flag else { continue };
        if example.starts_with("{tls}") {
            let Some(cert) = &cert else { continue };
            let (mut server, at) = tls_server(cert);
            let words = words("send", example, &[("{tls}", &at), ("{ca}", cert), ("{cert}", cert)]);
            let told = say(&words);
            assert_eq!((told.out(), told.code), ("hello".to_owned(), Some(0)), "{name}: {}", told.err);
            let path = written(&words, directory.path());
            let replayed = run(&["replay", "-v", &path]);
            assert_eq!(replayed.code, Some(0), "{name}: {}", replayed.err);
            server.kill().unwrap();
            server.wait().unwrap();
            continue;
        }
        let address = if example.contains("{6}") { "[::1]:0" } else { "127.0.0.1:0" };
        if address.starts_with('[') && TcpListener::bind(address).is_err() {
            continue;
        }
        let (at, said) = listening(address, 2);
        let here = std::env::current_dir().unwrap().join("Cargo.toml");
        let fill = [("{}", at.as_str()), ("{6}", at.as_str()), ("Cargo.toml", here.to_str().unwrap())];
        let words = words("send", example, &fill);
        let told = say(&words);
        assert_eq!(told.code, Some(0), "{name}: {}", told.err);
        let path = written(&words, directory.path());
        let replayed = run(&["replay", &path]);
        assert_eq!(replayed.code, Some(0), "{name}: {}", replayed.err);
        let said = said.join().unwrap();
        assert!(said[0] == said[1], "{name}: {} and {} bytes", said[0].0.len(), said[1].0.len());
    }
}

/// Connects to what listens there, says something, and gives what comes back.
fn ask(at: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(b"hello\nagain\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut came = Vec::new();
    // A service that closes with something unread ends with a reset: what came before counts.
    let _ = stream.read_to_end(&mut came);
    came
}

/// The same over TLS, by the command that a test of its own holds to that; with a certificate, if there is one.
fn ask_tls(at: &str, cert: &str) -> Vec<u8> {
    let shown: &[&str] = if cert.is_empty() { &[] } else { &["--cert", cert, "--key", cert] };
    let told = run(&[&["send", at, "hello", "--tls", "--insecure"], shown].concat());
    assert_eq!(told.code, Some(0), "{}", told.err);
    told.out
}

#[test]
fn the_scenario_of_serve_serves_as_serve_does() {
    let directory = tempfile::tempdir().unwrap();
    let cert = certificate(directory.path());
    let script = directory.path().join("steps.yaml");
    std::fs::write(
        &script,
        "steps:\n  - send: { from: conn, text: \"220 ready\" }\n  - discard: { at: conn }\n",
    )
    .unwrap();
    for (name, flag) in SERVE {
        let Flag::Step(example) = flag else { continue };
        if example.contains("{cert}") && cert.is_none() {
            continue;
        }
        let cert = cert.clone().unwrap_or_default();
        let fill = [("{}", "127.0.0.1:0"), ("{cert}", cert.as_str()), ("{script}", script.to_str().unwrap())];
        let words = words("serve", example, &fill);
        let asked = |at: &str| if example.contains("--tls") { ask_tls(at, &cert) } else { ask(at) };
        let mut json = words.clone();
        json.push("--json".to_owned());
        let served = while_it_runs(&json, asked);
        let path = written(&words, directory.path());
        let replayed = while_it_runs(&["replay".to_owned(), path, "--json".to_owned()], asked);
        assert_eq!(String::from_utf8_lossy(&served), String::from_utf8_lossy(&replayed), "{name}");
    }
}

/// Runs a command that listens and tells so in an event; ends it when `ask` has its answer.
fn while_it_runs(words: &[String], ask: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut child = program(&words).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let at = loop {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "{words:?}: {}", finish(child).err);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if event["event"] == "listening" {
            break event["at"].as_str().unwrap().to_owned();
        }
    };
    let reader = std::thread::spawn(move || drop(out.read_to_end(&mut Vec::new())));
    let answer = ask(&at);
    // One that serves once has ended by itself.
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT);
    child.wait().unwrap();
    reader.join().unwrap();
    answer
}
