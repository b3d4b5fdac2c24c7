//! Scenarios in a Rust test: the server under test in the same process, on one thread and on many.

use sockdrill::Drill;
use std::future::Future;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

const GREETING: &str = "name: the server greets first
vars: { target: \"\" }
steps:
  - connect: { as: client, to: \"${target}\" }
  - expect:  { at: client, text: \"220 ready\\r\\n\" }
  - expect:  { at: client, eof: true }
";

/// The address of a server that says this to its one client.
async fn greeter(greeting: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(greeting).await.unwrap();
    });
    target
}

#[tokio::test]
async fn a_server_of_this_process_is_tested_on_one_thread() {
    let target = greeter(b"220 ready\r\n").await;
    let played = Drill::text(GREETING).set("target", target).play().await.unwrap();
    assert_eq!((played.passed.len(), played.skipped.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn and_on_many_threads_many_at_once() {
    let mut plays = Vec::new();
    for _ in 0..20 {
        let target = greeter(b"220 ready\r\n").await;
        plays.push(tokio::spawn(Drill::text(GREETING).set("target", target).play()));
    }
    for play in plays {
        assert_eq!(play.await.unwrap().unwrap().passed.len(), 1);
    }
}

#[tokio::test]
async fn a_failure_is_drawn_under_the_line_that_did_not_hold() {
    let target = greeter(b"220 Ready\r\n").await;
    let failed = Drill::text(GREETING).set("target", target).play().await.unwrap_err();
    let text = failed.to_string();
    assert!(
        text.starts_with("error: expected text at client, other bytes came\n --> scenario:5:5\n"),
        "{text}"
    );
    assert!(text.contains("offset 4: wanted `r`, seen `R`"), "{text}");
    assert_eq!(format!("{failed:?}"), format!("\n{text}"), "unwrap shows the same");
}

#[tokio::test]
async fn a_file_is_played_whole_and_every_failure_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("several.yaml");
    let wrong = GREETING.replace("the server", "no server").replace("${target}", "127.0.0.1:1");
    std::fs::write(&path, format!("{wrong}---\n{}---\n{GREETING}", wrong.replace("no server", "nobody")))
        .unwrap();
    let target = greeter(b"220 ready\r\n").await;
    let failed = Drill::file(&path).set("target", target).play().await.unwrap_err().to_string();
    assert_eq!(failed.matches("error: ").count(), 2, "{failed}");
    std::fs::write(
        &path,
        "name: x\nrequires: [{ command: sockdrill-no-such-program }]\nsteps: [{ note: x }]\n",
    )
    .unwrap();
    let played = Drill::file(&path).play().await.unwrap();
    assert!(played.skipped[0].1.contains("sockdrill-no-such-program"), "{played:?}");
}

#[tokio::test]
async fn mistakes_and_unknown_variables_are_told_before_anything_opens() {
    let text = |drill: Drill| async { drill.play().await.unwrap_err().to_string() };
    let told = text(Drill::text("steps:\n  - lisen: { as: a, at: 127.0.0.1:0 }\n")).await;
    assert!(told.contains("did you mean `listen`?"), "{told}");
    let told = text(Drill::text(GREETING).set("traget", "x")).await;
    assert!(
        told.contains("no scenario here defines `traget`") && told.contains("did you mean `target`?"),
        "{told}"
    );
    let told = text(Drill::file("no/such.yaml")).await;
    assert!(told.contains("no/such.yaml"), "{told}");
}

/// A scenario that has a process, a directory, a listener and a background instance, and never ends.
fn endless(noted: &std::path::Path) -> String {
    format!(
        "name: never ends
within: 600s
steps:
  - listen:  {{ as: server, at: \"unix:${{tmp}}/s.sock\" }}
  - each:    {{ at: server, as: conn, steps: [{{ discard: conn }}] }}
  - connect: {{ as: client, to: server }}
  - spawn:   {{ as: app, run: [sh, -c, 'echo $$ ${{tmp}} > {path}.new; mv {path}.new {path}; exec sleep 600'] }}
  - expect:  {{ at: client, eof: true }}
",
        path = noted.display()
    )
}

async fn is_left_behind_by_nothing(cancel: impl AsyncFnOnce(Drill, &std::path::Path)) {
    let directory = tempfile::tempdir().unwrap();
    let noted = directory.path().join("noted");
    cancel(Drill::text(endless(&noted)), &noted).await;
    let noted = std::fs::read_to_string(&noted).unwrap();
    let (pid, tmp) = noted.trim().split_once(' ').unwrap();
    assert!(!std::path::Path::new(tmp).exists(), "{tmp} is left");
    // Killed and reaped, or about to be: a process that was killed shows no command line.
    while std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty()) {
        tokio::task::yield_now().await;
    }
}

/// Runs `play` until the process has noted itself, then drops it.
async fn until_noted(play: impl Future, noted: &std::path::Path) {
    let is_noted = async {
        while !noted.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = play => panic!("it ended"),
        () = is_noted => {}
    }
}

#[tokio::test]
async fn a_play_that_is_dropped_leaves_nothing_behind() {
    is_left_behind_by_nothing(async |drill, noted| until_noted(drill.play(), noted).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_does_one_that_is_aborted_on_many_threads() {
    is_left_behind_by_nothing(async |drill, noted| {
        let task = tokio::spawn(drill.play());
        while !noted.exists() {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    })
    .await;
}
