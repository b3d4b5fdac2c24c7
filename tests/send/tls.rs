//! TLS with openssl at the other end.

use crate::desk::installed::has;
use crate::desk::ports::free_port;
use crate::desk::{Serving, finish, plain, program, run};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// openssl as a server that sends back each line from its end to its beginning, with a certificate for `localhost`.
struct Openssl {
    server: Child,
    directory: TempDir,
    at: String,
}

impl Openssl {
    /// Started, if it is installed; it listens some time later. The certificate may be that of an authority.
    fn start(authority: bool) -> Option<Self> {
        if !has("openssl") {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let (cert, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        openssl.args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
        let use_of_it = if authority { "keyUsage=keyCertSign" } else { "basicConstraints=CA:FALSE" };
        openssl.args(["-addext", use_of_it]).arg("-keyout").arg(&key).arg("-out").arg(&cert);
        assert!(openssl.stderr(Stdio::null()).status().unwrap().success());
        let at = format!("127.0.0.1:{}", free_port());
        let mut server = Command::new("openssl");
        server.args(["s_server", "-rev", "-naccept", "9", "-accept", &at]);
        server.arg("-cert").arg(cert).arg("-key").arg(key);
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Some(Self { server: server.spawn().unwrap(), directory, at })
    }

    /// `send` to it, which waits until it listens.
    fn send(&self, words: &[&str]) -> Command {
        program(&[&["send", &self.at, "--tls", "--retry", "30"], words].concat())
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    /// Killed, it says nothing more.
    fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn tls_is_spoken_with_openssl() {
    let Some(openssl) = Openssl::start(false) else { return };
    let ended = |command: &mut Command| finish(command.spawn().unwrap());
    let secrets = openssl.path("secrets");
    let mut command = openssl.send(&[r"hello\n", "--insecure", "--until", r"\n"]);
    let told = ended(command.env("SSLKEYLOGFILE", &secrets));
    assert_eq!((told.out(), told.code), ("olleh\n".to_owned(), Some(0)), "{}", told.err);
    assert!(told.err.contains("* TLS 1."), "{}", told.err);
    assert!(std::fs::read_to_string(secrets).unwrap().contains("CLIENT_"));
    let (cert, name) = (openssl.path("cert.pem"), "localhost");
    let told = ended(&mut openssl.send(&[r"hello\n", "--ca", &cert, "--sni", name, "--until", r"\n"]));
    assert_eq!((told.out(), told.code), ("olleh\n".to_owned(), Some(0)), "{}", told.err);
    let told = ended(&mut openssl.send(&["x"]));
    assert!(told.code == Some(3) && told.err.contains("\nerror: "), "{}", told.err);
}

#[test]
fn tls_that_ends_without_its_close_notify_is_told() {
    let Some(mut openssl) = Openssl::start(false) else { return };
    let words = [r"hello\n", "--insecure", "--no-shutdown", "--wait", "60"];
    let mut child = openssl.send(&words).spawn().unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
    openssl.kill();
    let told = finish(child);
    assert!(told.err.contains("* closed by peer (FIN without close_notify) after"), "{}", told.err);
}

#[test]
fn the_close_notify_of_a_peer_is_told_as_one_and_no_fin() {
    let server = Serving::new(&["--tls", "--echo"]);
    let told = run(&["send", &server.at(), r"hello\n", "--tls", "--insecure", "-v"]);
    assert_eq!((told.out(), told.code), ("hello\n".to_owned(), Some(0)), "{}", told.err);
    assert!(told.err.contains("* half-closed by peer (close_notify came)\n"), "{}", told.err);
    assert!(told.err.contains("* closed by peer (close_notify) after"), "{}", told.err);
    let told = server.stop().out();
    assert!(told.contains("#1 *        closed by peer (close_notify): in 6 B, out 6 B"), "{told}");
}

#[test]
fn the_certificate_of_an_authority_is_refused_in_words() {
    let Some(openssl) = Openssl::start(true) else { return };
    let mut command = openssl.send(&["x", "--ca", &openssl.path("cert.pem"), "--sni", "localhost"]);
    let told = finish(command.spawn().unwrap());
    let words = "invalid peer certificate: it is a certificate authority's, and no server's own";
    assert!(told.err.contains(words), "{}", told.err);
    assert_eq!(told.code, Some(3));
}

#[test]
fn a_server_that_wants_a_certificate_gets_it_or_says_so() {
    let Some(openssl) = Openssl::start(false) else { return };
    let (cert, key) = (openssl.path("cert.pem"), openssl.path("key.pem"));
    let server = Serving::new(&["--echo", "--tls", "--cert", &cert, "--key", &key, "--ca", &cert]);
    let at = server.at();
    let shown = run(&["send", &at, "hi", "--tls", "--insecure", "--cert", &cert, "--key", &key]);
    assert_eq!((shown.out(), shown.code), ("hi".to_owned(), Some(0)), "{}", shown.err);
    let bare = run(&["send", &at, "hi", "--tls", "--insecure"]);
    assert_eq!((bare.out(), bare.code == Some(0)), (String::new(), false), "{}", bare.err);
    let told = server.stop();
    assert!(told.out().contains("TLS failed: peer sent no certificates"), "{}", told.out());
}

#[test]
fn what_tls_needs_is_looked_at_before_anything_opens() {
    let directory = tempfile::tempdir().unwrap();
    let (text, log) = (directory.path().join("no.pem"), directory.path().join("missing/keys"));
    std::fs::write(&text, "no certificate").unwrap();
    let text = text.to_str().unwrap();
    for (words, problem) in [
        (&["send", "9", "x", "--tls", "--ca", text][..], "error: TLS: the PEM text holds no certificate\n"),
        (&["send", "9", "x", "--tls", "--sni", "bad name"], "error: TLS: `bad name` is no server name\n"),
        (
            &["serve", "0", "--tls", "--cert", text, "--key", text],
            "error: TLS: the PEM text holds no certificate\n",
        ),
    ] {
        let told = run(words);
        assert!(told.err.starts_with(problem), "{words:?}: {}", told.err);
        assert_eq!((told.code, told.out.len()), (Some(2), 0), "{words:?}");
    }
    let mut command = program(&["send", "9", "x", "--tls", "--insecure"]);
    let told = finish(command.env("SSLKEYLOGFILE", &log).spawn().unwrap());
    let wanted = format!(
        "error: cannot write {}, which SSLKEYLOGFILE names: no such file or directory\n",
        log.display()
    );
    assert_eq!((told.err, told.code), (wanted, Some(2)));
}

/// Serves with TLS by these steps, sends with these words, and gives the exit code and what is said of the end.
fn sent_to(steps: &str, words: &[&str]) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("steps.yaml");
    std::fs::write(&script, steps).unwrap();
    let server = Serving::new(&["--tls", "--script", script.to_str().unwrap()]);
    let told =
        run(&[&["send", &server.at(), "--tls", "--insecure", "--view", "text", r"hi\n"], words].concat());
    server.stop();
    let told_of_the_end =
        told.err.lines().filter(|line| !line.starts_with("* connected") && !line.contains("TLS 1."));
    (told.code, told_of_the_end.map(|line| plain(line, 0) + "\n").collect())
}

#[test]
fn a_reset_after_our_half_close_of_tls_names_the_flag_that_leaves_it_out() {
    const HINT: &str = "hint: in TLS our half-close is a close_notify, after which some servers stop answering; `--no-shutdown` sends none\n";
    let after = "steps:\n  - expect: { at: conn, text: \"hi\\n\" }\n  - expect: { at: conn, eof: true }\n  - abort: conn\n";
    let (code, told) = sent_to(after, &[]);
    assert!(told.contains(&format!(": reset by the peer\n{HINT}* reset by peer (RST)")), "{told}");
    assert_eq!(code, Some(5));
    // One that comes before it is not of it.
    let before = "steps:\n  - expect: { at: conn, text: \"hi\\n\" }\n  - abort: conn\n";
    let (code, told) = sent_to(before, &["--no-shutdown"]);
    assert!(told.starts_with("* reset by peer (RST)") && !told.contains("hint"), "{told}");
    assert_eq!(code, Some(5));
}

#[test]
fn whom_to_trust_may_come_out_of_a_pipe() {
    let Some(openssl) = Openssl::start(false) else { return };
    let pipe = openssl.path("pipe");
    mkfifo(pipe.as_str(), Mode::S_IRWXU).unwrap();
    let words = [r"hello\n", "--ca", &pipe, "--sni", "localhost", "--until", r"\n"];
    let client = openssl.send(&words).spawn().unwrap();
    std::fs::copy(openssl.path("cert.pem"), &pipe).unwrap();
    let told = finish(client);
    assert_eq!((told.out(), told.code), ("olleh\n".to_owned(), Some(0)), "{}", told.err);
}

#[test]
fn secrets_that_find_no_room_are_told_once() {
    let problem = "cannot write /dev/full, which SSLKEYLOGFILE names: no space left on device\n";
    let words =
        ["serve", "0", "--tls", "--echo", "--time", "none", "--", env!("CARGO_BIN_EXE_sockdrill"), "send"];
    let both = ["{address}", "hi", "--tls", "--insecure", "--connections", "2", "--time", "none"];
    let mut command = program(&[&words[..], &both].concat());
    let told = finish(command.env("SSLKEYLOGFILE", "/dev/full").spawn().unwrap());
    // Once by the server, once by its client.
    assert_eq!((told.err.matches(problem).count(), told.code), (2, Some(0)), "{}", told.err);
    assert_eq!(told.out(), "hihi");
}

#[test]
fn secrets_that_a_run_cannot_write_are_a_warning_below_its_results() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/protocols/starttls.yaml");
    for (file, why) in [("/dev/full", "no space left on device"), ("/dev/null/x", "not a directory")] {
        let mut command = program(&["replay", scenario]);
        let told = finish(command.env("SSLKEYLOGFILE", file).spawn().unwrap());
        let warning = format!("warning: cannot write {file}, which SSLKEYLOGFILE names: {why}\n");
        assert_eq!((told.err, told.code), (warning, Some(0)), "{}", String::from_utf8_lossy(&told.out));
    }
    let mut command = program(&["replay", "--quiet", scenario]);
    let told = finish(command.env("SSLKEYLOGFILE", "/dev/full").spawn().unwrap());
    assert_eq!((told.err.as_str(), told.code), ("", Some(0)));
}
