//! Processes and their groups are ended, however a scenario ends.

use crate::playing::{ONCE, Played, play, play_all, play_watched, scenarios, scenarios_in};
use sockdrill::engine::{Stop, StopReason, play as play_one};
use sockdrill::event::{Event, Journal, Outcome, What};
use sockdrill::net::Host;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// A program that starts a child of its own, says its number, and waits; then these steps.
fn with_family(program: &str, steps: &str) -> String {
    format!(
        "name: a family
steps:
  - spawn: {{ as: app, run: [sh, -c, '{program}'] }}
  - expect: {{ at: app, matches: '(?<child>\\d+)\\n' }}
{steps}"
    )
}

const WAITING: &str = "sleep 1000 & echo $!; wait";
/// Neither it nor its child ends on TERM.
const STUBBORN: &str = "trap \"\" TERM; sleep 1000 & echo $!; while :; do wait; done";

/// The numbers of the program and of its child.
fn family(events: &[Event]) -> Vec<u32> {
    let numbers = |event: &Event| match &event.what {
        What::Spawned { pid, .. } => Some(*pid),
        What::Received { data, .. } => std::str::from_utf8(&data.bytes).ok()?.trim().parse().ok(),
        _ => None,
    };
    let numbers: Vec<u32> = events.iter().filter_map(numbers).collect();
    assert_eq!(numbers.len(), 2, "the program and its child have told their numbers");
    numbers
}

/// Whether a process runs; one that is dead and waits to be waited for does not.
fn runs(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !matches!(stat.rsplit(')').next().unwrap().trim().chars().next(), Some('Z' | 'X'))
}

#[track_caller]
fn assert_ended(events: &[Event]) {
    for pid in family(events) {
        assert!(!runs(pid), "process {pid} still runs");
    }
}

/// Plays and raises `stop` when the step of this verb begins, once it has seen the child's number.
fn play_and_stop_at(text: &str, verb: &'static str) -> (Played, Duration) {
    let stop = Stop::default();
    let raising = stop.clone();
    let raised = std::sync::Arc::new(std::sync::Mutex::new(None));
    let at = raised.clone();
    let watch = move |event: &Event| {
        if matches!(&event.what, What::StepStarted { verb: begun, .. } if *begun == verb) {
            *at.lock().unwrap() = Some(Instant::now());
            raising.raise(StopReason::Interrupt);
        }
    };
    let played = play_watched(scenarios(text), ONCE, &stop, watch);
    let raised = raised.lock().unwrap().expect("the step has begun");
    (played, raised.elapsed())
}

#[test]
fn a_group_is_ended_when_the_scenario_passes() {
    let played = play(&with_family(WAITING, ""));
    played.assert_passed();
    assert_ended(&played.events);
}

#[test]
fn a_group_is_ended_when_the_scenario_fails() {
    let played = play(&with_family(WAITING, "  - check: { value: one, equals: other }\n"));
    assert!(matches!(played.outcome(), Outcome::Failed(_)));
    assert_ended(&played.events);
}

#[test]
fn a_group_is_ended_when_a_step_times_out() {
    let played = play(&with_family(WAITING, "  - expect: { at: app, exit: 0, within: 20ms }\n"));
    assert!(matches!(played.outcome(), Outcome::Failed(_)));
    assert_ended(&played.events);
}

#[test]
fn a_group_is_ended_when_the_run_is_stopped() {
    let (played, _) = play_and_stop_at(&with_family(WAITING, "  - sleep: 1h\n"), "sleep");
    assert!(matches!(played.outcome(), Outcome::Interrupted));
    assert_ended(&played.events);
}

#[test]
fn a_group_that_ignores_term_is_killed() {
    let played = play(&with_family(STUBBORN, ""));
    played.assert_passed();
    assert_ended(&played.events);
}

#[test]
fn a_group_that_ignores_term_does_not_hold_up_a_stop() {
    let (played, took) = play_and_stop_at(&with_family(STUBBORN, "  - sleep: 1h\n"), "sleep");
    assert!(matches!(played.outcome(), Outcome::Interrupted));
    assert_ended(&played.events);
    // Less than the grace that a program has otherwise.
    assert!(took < Duration::from_millis(1900), "{took:?}");
}

#[test]
fn a_child_that_outlives_its_parent_is_ended_too() {
    let steps = "  - expect: { at: app, exit: 0 }\n";
    let played = play(&with_family("sleep 1000 >/dev/null 2>&1 </dev/null & echo $!", steps));
    played.assert_passed();
    assert_ended(&played.events);
}

#[test]
fn a_group_is_ended_when_the_play_is_dropped() {
    let (to, from) = std::sync::mpsc::channel();
    let journal = Journal::new(to, sockdrill::event::Detail::Everything);
    let text = with_family(
        WAITING,
        "  - listen: { as: server, at: 127.0.0.1:0 }
  - each: { at: server, as: conn, steps: [{ echo: conn }] }
  - sleep: 1h
",
    );
    let scenario = scenarios(&text).remove(0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut events = Vec::new();
    runtime.block_on(async {
        let (host, stop) = (Host::here(), Stop::default());
        let mut playing = Box::pin(play_one(&scenario, &host, &journal, &stop));
        // Polled until the last step has begun, then dropped.
        loop {
            tokio::select! {
                biased;
                _ = &mut playing => panic!("it sleeps for an hour"),
                () = tokio::task::yield_now() => {}
            }
            events.extend(from.try_iter());
            let sleeps = |event: &Event| matches!(&event.what, What::StepStarted { verb: "sleep", .. });
            if events.iter().any(sleeps) {
                break;
            }
        }
        drop(playing);
        // KILL takes its time; the runtime must turn for the child to be waited for.
        let ended = async {
            while family(&events).into_iter().any(runs) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the group is ended");
        let listening = events.iter().find_map(|event| match &event.what {
            What::Listening { at, .. } => Some(at.clone()),
            _ => None,
        });
        let refused = std::net::TcpStream::connect(listening.unwrap());
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn what_a_program_wrote_before_its_end_is_all_there() {
    let text = "
name: last words
steps:
  - spawn: { as: app, run: [sh, -c, 'head -c 60000 /dev/zero; echo the end'] }
  - expect: { at: app, zeros: 60000 }
  - expect: { at: app, text: \"the end\\n\" }
  - expect: { at: app, eof: true }
  - expect: { at: app, exit: 0 }
";
    play(text).assert_passed();
}

#[test]
fn output_is_searched_as_it_comes_though_it_is_more_than_is_kept() {
    let text = "
name: a flood
steps:
  - spawn: { as: app, run: [sh, -c, 'head -c 4000000 /dev/zero; echo needle; head -c 4000000 /dev/zero; sleep 1000'] }
  - expect: { at: app, contains: \"needle\\n\", within: 60s }
";
    play(text).assert_passed();
}

#[test]
fn a_spawn_that_fails_as_told_leaves_its_name_free() {
    let text = "
name: a second try
steps:
  - spawn: { as: app, run: [sleep, '1000'], ready: { output: { contains: ready } }, within: 20ms, fails: timeout }
  - spawn: { as: app, run: [sh, -c, 'echo ready; sleep 1000'], ready: { output: { contains: ready } } }
";
    let played = play_all(scenarios(text), ONCE, &Stop::default());
    played.assert_passed();
    for event in &played.events {
        if let What::Spawned { pid, .. } = event.what {
            assert!(!runs(pid));
        }
    }
}

/// A directory with a script, what the script reads, and scripts that cannot be started.
fn beside() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("deep")).unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    write("server", "#!/bin/sh\ncat data || echo elsewhere\n", 0o755);
    write("data", "here", 0o644);
    write("deep/data", "deep", 0o644);
    write("plain", "#!/bin/sh\n", 0o644);
    write("lost", "#!/no/such/shell\n", 0o755);
    directory
}

/// Plays these steps as those of a file in `directory`.
fn play_in(directory: &Path, steps: &str) -> Played {
    play_all(scenarios_in(directory, &format!("steps:\n{steps}")), ONCE, &Stop::default())
}

#[test]
fn a_program_and_its_directory_are_found_from_the_scenario_on() {
    let directory = beside();
    for (spawn, says) in [
        ("run: [./server], cwd: .", "here"),
        ("run: [./server], cwd: deep", "deep"),
        ("run: [deep/../server], cwd: ./deep/..", "here"),
        ("run: [cat, data], cwd: deep", "deep"),
        ("run: [./server]", "elsewhere\\n"),
    ] {
        let steps = format!(
            "  - spawn: {{ as: app, {spawn} }}\n  - expect: {{ at: app, text: \"{says}\", within: 60s }}\n"
        );
        play_in(directory.path(), &steps).assert_passed();
    }
}

#[test]
fn a_program_that_cannot_be_started_is_told_with_where_it_was_looked_for_and_why() {
    let directory = beside();
    let here = directory.path().display().to_string();
    for (spawn, message, help) in [
        ("run: [./none]", "there is no program `HERE/none`", "a relative path begins where the scenario is"),
        // It is here, where tests run, and not in PATH.
        ("run: [Cargo.toml]", "there is no program `Cargo.toml`", "`requires: "),
        (
            "run: [server]",
            "there is no program `server`",
            "`./server` is the one that is where the scenario is",
        ),
        ("run: [/no/such/program]", "there is no program `/no/such/program`", ""),
        ("run: [no-such-program]", "there is no program `no-such-program`", "`requires: "),
        ("run: [./server], cwd: none", "there is no directory HERE/none", "a relative path begins"),
        ("run: [./plain]", "cannot start `HERE/plain`: permission denied", "`chmod +x HERE/plain`"),
        ("run: [./lost]", "cannot start `HERE/lost`: what its first line, `#!`, names is not there", ""),
    ] {
        let played = play_in(directory.path(), &format!("  - spawn: {{ as: app, {spawn} }}\n"));
        let Outcome::Failed(failure) = played.outcome() else { panic!("{spawn} cannot be started") };
        let problem = failure.diagnostic();
        assert_eq!(problem.message, message.replace("HERE", &here));
        let helps = problem.help.join("\n");
        assert!(helps.contains(&help.replace("HERE", &here)), "{spawn}: {helps}");
        assert_eq!(helps.is_empty(), help.is_empty(), "{spawn}: {helps}");
    }
}
