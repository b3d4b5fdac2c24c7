//! `replay --watch`: what is saved is played again.

use crate::desk::{Desk, FAILING, GOOD, HANGING, WRONG};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Far beyond what anything here takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// A run that watches, and the lines it says, stdout and stderr in one.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn begin(desk: &Desk, arguments: &str) -> Self {
        let (from, to) = std::io::pipe().unwrap();
        let mut command = desk.command(&format!("replay --watch {arguments}"));
        command.stdout(to.try_clone().unwrap()).stderr(to);
        let child = command.spawn().unwrap();
        drop(command);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The lines up to the one that holds `text`.
    fn see(&self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let line = self.lines.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("`{text}` did not come after:\n{seen}"));
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(text) {
                return seen;
            }
        }
    }

    /// What is said after a save, up to the end of the run.
    fn run(&self) -> String {
        self.see("watching ")
    }

    /// Ctrl-C: the last line, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let code = self.child.wait().unwrap().code();
        (self.lines.iter().last().unwrap_or_default(), code)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Saves as editors do that replace the file.
fn replace(desk: &Desk, name: &str, text: &str) {
    fs::write(desk.path(".new~"), text).unwrap();
    fs::rename(desk.path(".new~"), desk.path(name)).unwrap();
}

#[test]
fn what_is_saved_is_played_again_and_nothing_else() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", &GOOD.replace("a client", "another"))]);
    let watching = Watching::begin(&desk, ".");
    let first = watching.run();
    assert!(first.contains("2 passed in") && first.ends_with("watching 2 files; Ctrl-C ends\n"), "{first}");
    fs::write(desk.path("a.yaml"), FAILING).unwrap();
    let again = watching.run();
    assert!(again.contains("saved: ./a.yaml\n") && again.contains("1 failed in"), "{again}");
    assert!(again.contains("offset 0: wanted `P`") && !again.contains("another"), "{again}");
    replace(&desk, "a.yaml", GOOD);
    let again = watching.run();
    assert!(again.contains("saved: ./a.yaml\n") && again.contains("1 passed in"), "{again}");
    assert!(!again.contains("another"), "{again}");
    let (last, code) = watching.end();
    assert_eq!((last.as_str(), code), ("3 runs; as it stands 2 passed, 0 failed", Some(130)));
}

#[test]
fn included_files_payloads_and_programs_are_watched_too() {
    let main = "name: stands on others
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - include: { file: ../more/steps.yaml }
  - spawn:   { as: app, run: [sh, ./app.sh], cwd: .. }
  - expect:  { at: app, exit: 0 }
";
    let steps = "steps:\n  - send: { from: conn, file: payload.bin }\n";
    let other = GOOD.replace("a client", "another");
    let desk = Desk::new(&[
        ("a/main.yaml", main),
        ("a/other.yaml", &other),
        ("more/steps.yaml", steps),
        ("more/payload.bin", "x"),
        ("app.sh", "exit 0\n"),
    ]);
    let watching = Watching::begin(&desk, "a");
    assert!(watching.run().contains("2 passed in"));
    for (file, text) in [
        ("more/steps.yaml", "steps:\n  - send: { from: conn, file: payload.bin }\n  - note: more\n"),
        ("more/payload.bin", "longer"),
        ("app.sh", "exit  0\n"),
    ] {
        replace(&desk, file, text);
        let again = watching.run();
        assert!(again.contains("saved: ") && again.contains(file.rsplit('/').next().unwrap()), "{again}");
        assert!(again.contains("stands on others") && !again.contains("another"), "{again}");
        assert!(again.contains("1 passed in"), "{again}");
    }
}

#[test]
fn certificates_are_watched_too() {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", "/CN=localhost", "-keyout", "/dev/stdout", "-out", "/dev/stdout"])
        .output();
    let Ok(made) = made else {
        eprintln!("skipped: openssl is not installed");
        return;
    };
    let pem = String::from_utf8(made.stdout).unwrap();
    let text = "name: with a certificate
steps:
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
  - parallel:
      one: [{ tls: { at: conn, as: server, cert: own.pem, key: own.pem } }]
      two: [{ tls: { at: client, as: client, insecure: true } }]
";
    let desk = Desk::new(&[("a.yaml", text), ("own.pem", &pem)]);
    let watching = Watching::begin(&desk, "a.yaml");
    assert!(watching.run().contains("1 passed in"));
    replace(&desk, "own.pem", &format!("{pem}\n"));
    let again = watching.run();
    assert!(again.contains("own.pem") && again.contains("1 passed in"), "{again}");
}

#[test]
fn new_files_are_played_and_deleted_ones_are_told() {
    let desk = Desk::new(&[("all/a.yaml", GOOD)]);
    let watching = Watching::begin(&desk, "all");
    watching.run();
    fs::create_dir_all(desk.path("all/deep/deeper")).unwrap();
    fs::write(desk.path("all/deep/deeper/b.yaml"), FAILING).unwrap();
    let again = watching.run();
    assert!(again.contains("saved: all/deep/deeper/b.yaml") && again.contains("1 failed in"), "{again}");
    assert!(again.ends_with("watching 2 files; Ctrl-C ends\n"), "{again}");
    fs::remove_dir_all(desk.path("all/deep")).unwrap();
    assert!(watching.see("watching 1 file").contains("gone: all/deep/deeper/b.yaml\n"));
    fs::remove_file(desk.path("all/a.yaml")).unwrap();
    watching.see("there is no scenario in all");
    watching.run();
    fs::write(desk.path("all/c.yaml"), GOOD).unwrap();
    assert!(watching.run().contains("1 passed in"));
    assert_eq!(watching.end().1, Some(130));
}

#[test]
fn a_burst_of_saves_ends_with_what_was_saved_last() {
    let desk = Desk::new(&[("a.yaml", GOOD), ("b.yaml", GOOD)]);
    let watching = Watching::begin(&desk, ".");
    watching.run();
    for round in 0..20 {
        let text = if round % 2 == 0 { FAILING } else { WRONG };
        fs::write(desk.path("a.yaml"), text).unwrap();
        fs::write(desk.path("b.yaml"), text).unwrap();
    }
    fs::write(desk.path("a.yaml"), GOOD).unwrap();
    fs::write(desk.path("b.yaml"), FAILING).unwrap();
    // However the burst was cut, its last saves are played.
    watching.see("wanted `P`");
    fs::write(desk.path("b.yaml"), GOOD).unwrap();
    watching.see("passed in");
    assert_eq!(watching.end().1, Some(130));
}

#[test]
fn a_file_that_does_not_check_shows_its_mistakes_and_is_watched_on() {
    let desk = Desk::new(&[("a.yaml", WRONG), ("b.yaml", GOOD)]);
    let watching = Watching::begin(&desk, ".");
    let first = watching.run();
    assert!(first.contains("did you mean `listen`?") && first.contains("1 mistake"), "{first}");
    assert!(first.contains("1 passed in"), "{first}");
    fs::write(desk.path("a.yaml"), "name: [\n").unwrap();
    let again = watching.run();
    assert!(again.contains("--> ./a.yaml:") && !again.contains("passed"), "{again}");
    fs::write(desk.path("a.yaml"), GOOD).unwrap();
    assert!(watching.run().contains("1 passed in"));
}

#[test]
fn a_signal_ends_it_in_the_middle_of_a_play_too() {
    let hanging =
        HANGING.replace("steps:\n", "steps:\n  - spawn: { as: app, run: [touch, begun], cwd: . }\n");
    let desk = Desk::new(&[("a.yaml", &hanging)]);
    let watching = Watching::begin(&desk, "a.yaml");
    while !desk.path("begun").exists() {
        std::thread::yield_now();
    }
    let (last, code) = watching.end();
    assert_eq!((last.as_str(), code), ("1 run; as it stands 0 passed, 0 failed, 1 neither", Some(130)));
}

#[test]
fn flags_that_make_no_sense_with_it_are_refused_in_a_sentence() {
    let desk = Desk::new(&[("a.yaml", GOOD)]);
    for (flag, why) in [
        ("--list", "--watch and --list do not go together: a list ends at once"),
        ("--until-fail", "--watch and --until-fail do not go together"),
        ("--for 1s", "--watch and --for do not go together"),
        ("--fail-fast", "--watch and --fail-fast do not go together"),
        ("--accept", "--watch and --accept do not go together"),
        ("--step", "--watch and --step do not go together"),
        ("--json", "--watch and --json do not go together"),
        ("--junit r.xml", "--watch and a report do not go together: a report is of one run"),
    ] {
        let told = desk.run(&format!("replay a.yaml --watch {flag}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{flag}");
        assert!(told.err.contains(why), "{flag}: {}", told.err);
    }
    let told = desk.run("replay missing.yaml --watch");
    assert_eq!(told.code, Some(2));
    assert!(told.err.contains("there is no file or directory missing.yaml"), "{}", told.err);
}
