//! The README's server and its clients: played, and held to what it shows.

use crate::desk::shell;
use crate::{blocks, read};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A line with both outputs in one pipe.
fn merged(line: &str) -> Command {
    let mut command = shell(&format!("exec {line} 2>&1"));
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// A server that a failed test does not leave behind.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line without the ports and times of its run.
fn plain(line: &str) -> String {
    let word = |word: &str| {
        let number = word.trim_end_matches([':', ',', ';']);
        match word.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => format!("{host}:PORT"),
            _ if number.contains('.') && number.parse::<f64>().is_ok() => "TIME".to_owned(),
            _ => word.to_owned(),
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn plain_all(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(plain).collect()
}

#[test]
fn the_readmes_server_and_clients_say_what_it_shows() {
    let shown = blocks(&read("README.md"), "terminal");
    let [server, clients] = shown.as_slice() else { panic!("two transcripts: {}", shown.len()) };
    let (line, wanted) = server.strip_prefix("$ ").unwrap().split_once('\n').unwrap();
    let mut serving = Serving(merged(&line.replace(" 9000 ", " 0 ")).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(serving.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let banner = lines.next().unwrap();
    let port = banner.split("127.0.0.1:").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let mut played = 0;
    for client in clients.split("$ ").filter(|client| !client.is_empty()) {
        let (line, wanted) = client.split_once('\n').unwrap();
        // A pipe gets the bytes alone: this is what a terminal shows.
        let line = format!("{} --view text", line.replace(":9000", &format!(":{port}")));
        let output = merged(&line).output().unwrap();
        assert_eq!(plain_all(&String::from_utf8(output.stdout).unwrap()), plain_all(wanted), "{line}");
        played += 1;
    }
    assert_eq!(played, 2);
    let wanted = plain_all(wanted);
    let seen: Vec<String> = std::iter::once(banner).chain(lines.by_ref().take(wanted.len() - 1)).collect();
    assert_eq!(plain_all(&seen.join("\n")), wanted);
    kill(Pid::from_raw(i32::try_from(serving.0.id()).unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(serving.0.wait().unwrap().code(), Some(130));
}
