//! Passive sockets: queues, backlogs, ports taken over, and running out of files.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::net::fixture::{
    HOST, address, at, bytes, connect, families, has_ipv6, listen, not_now, own_loopback, own_name, own_path,
    recv, send, soon, until, until_state,
};
use crate::net::{ConnectOptions, End, Endpoint, Host, ListenOptions, Received, start_process};
use crate::text::{ErrorKind, Fact, FactValue};

fn reuse(yes: bool) -> ListenOptions {
    ListenOptions { reuse_address: yes, ..ListenOptions::default() }
}

async fn refused(to: &Endpoint) {
    let e = soon(HOST.connect_endpoint(to, &ConnectOptions::default())).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::Refused);
    assert_eq!(e.message, format!("{to}: connection refused"));
}

#[tokio::test]
async fn closing_a_listener_spares_the_accepted_resets_the_queued_and_refuses_the_new() {
    let listener = listen(&format!("{}:0", own_loopback())).await;
    let to = listener.local().clone();
    let first = connect(&to).await;
    let accepted = soon(listener.accept()).await.unwrap();
    let queued = connect(&to).await;
    until(|| listener.fact(Fact::Queued).unwrap() == Some(FactValue::Number(1))).await;
    listener.close();
    assert_eq!(recv(&queued, 10).await, Received::End(End::Reset));
    refused(&to).await;
    send(&first, b"ping").await;
    assert_eq!(recv(&accepted, 10).await, bytes("ping"));
    send(&accepted, b"pong").await;
    assert_eq!(recv(&first, 10).await, bytes("pong"));
}

#[tokio::test]
async fn a_held_port_refuses_and_a_server_with_reuse_address_takes_it_over() {
    let hold = HOST.hold_port().unwrap();
    let here = format!("127.0.0.1:{}", hold.port());
    let to = Endpoint::Inet(here.parse().unwrap());
    refused(&to).await;
    let without = HOST.listen(&address(&here), &reuse(false)).await.unwrap_err();
    assert_eq!(
        (without.kind, without.message),
        (ErrorKind::InUse, format!("{here}: address already in use"))
    );
    let listener = HOST.listen(&address(&here), &reuse(true)).await.unwrap();
    let client = connect(&to).await;
    assert_eq!(soon(listener.accept()).await.unwrap().peer(), client.local());
}

#[test]
fn held_ports_differ() {
    let holds: Vec<_> = (0..200).map(|_| Host::here().hold_port().unwrap()).collect();
    let mut ports: Vec<_> = holds.iter().map(crate::net::PortHold::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 200);
}

#[tokio::test]
async fn a_backlog_of_zero_lets_one_connection_in_and_the_rest_hang() {
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = HOST.listen(&address("127.0.0.1:0"), &options).await.unwrap();
    let first = connect(listener.local()).await;
    until_state(&first, "established").await;
    until(|| listener.fact(Fact::Queued).unwrap() == Some(FactValue::Number(1))).await;
    not_now(HOST.connect_endpoint(listener.local(), &ConnectOptions::default())).await;
}

#[tokio::test]
async fn a_connect_to_a_full_unix_backlog_waits_for_room() {
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = HOST.listen(&address(&own_name()), &options).await.unwrap();
    let _first = connect(listener.local()).await;
    not_now(HOST.connect_endpoint(listener.local(), &ConnectOptions::default())).await;
    let options = ConnectOptions::default();
    let second = HOST.connect_endpoint(listener.local(), &options);
    let (accepted, second) = soon(async { tokio::join!(listener.accept(), second) }).await;
    assert!(accepted.is_ok() && second.is_ok());
}

#[tokio::test]
async fn time_wait_refuses_the_rebind_unless_the_first_listener_also_reused() {
    for (first, second, works) in [(false, false, false), (false, true, false), (true, true, true)] {
        let listener = HOST.listen(&address(&format!("{}:0", own_loopback())), &reuse(first)).await.unwrap();
        let here = at(listener.local());
        let client = connect(listener.local()).await;
        let server = soon(listener.accept()).await.unwrap();
        server.close().await.unwrap();
        assert_eq!(recv(&client, 1).await, Received::End(End::Fin));
        client.close().await.unwrap();
        listener.close();
        let again = HOST.listen(&here, &reuse(second)).await;
        let kind = again.as_ref().err().map(|e| e.kind);
        assert_eq!(kind, (!works).then_some(ErrorKind::InUse), "first {first}, second {second}");
    }
}

#[tokio::test]
async fn two_listeners_with_reuse_port_share_and_closing_one_resets_those_queued_at_it() {
    let options = ListenOptions { reuse_port: true, ..ListenOptions::default() };
    let here = address(&format!("{}:0", own_loopback()));
    let one = HOST.listen(&here, &options).await.unwrap();
    let two = HOST.listen(&at(one.local()), &options).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(connect(one.local()).await);
    }
    let queued = |listener: &super::Listener| match listener.fact(Fact::Queued) {
        Ok(Some(FactValue::Number(count))) => count,
        other => panic!("{other:?}"),
    };
    until(|| queued(&one) + queued(&two) == 40).await;
    let lost = queued(&two);
    assert!((1..40).contains(&lost), "the kernel spreads by the clients' ports: {lost}");
    two.close();
    let mut reset = 0;
    for client in &clients {
        reset += u64::from(client.fact(Fact::State).unwrap() == Some(FactValue::Word("close".into())));
    }
    assert_eq!(reset, lost);
}

#[tokio::test]
async fn connections_are_accepted_in_the_order_they_came() {
    let listener = listen("127.0.0.1:0").await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(connect(listener.local()).await);
    }
    for client in &clients {
        assert_eq!(soon(listener.accept()).await.unwrap().peer(), client.local());
    }
}

#[tokio::test]
async fn clones_of_a_listener_share_one_queue_across_runtimes() {
    let listener = listen("127.0.0.1:0").await;
    let clone = listener.try_clone().unwrap();
    let other = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { soon(clone.accept()).await.unwrap().peer().clone() })
    });
    let to = listener.local().clone();
    let client = connect(&to).await;
    let peer = tokio::task::spawn_blocking(move || other.join().unwrap()).await.unwrap();
    assert_eq!(&peer, client.local());
    let second = connect(&to).await;
    assert_eq!(soon(listener.accept()).await.unwrap().peer(), second.local());
}

#[tokio::test]
async fn an_accept_that_is_dropped_loses_no_connection() {
    let listener = listen("127.0.0.1:0").await;
    not_now(listener.accept()).await;
    let client = connect(listener.local()).await;
    assert_eq!(soon(listener.accept()).await.unwrap().peer(), client.local());
}

#[tokio::test]
async fn any_takes_clients_of_both_families_and_names_them_plainly() {
    let listener = listen("any:0").await;
    let port = listener.local().port().unwrap();
    for local in families() {
        let local = local.trim_end_matches(":0");
        let to = Endpoint::Inet(format!("{local}:{port}").parse().unwrap());
        let client = connect(&to).await;
        let server = soon(listener.accept()).await.unwrap();
        assert_eq!((server.local(), server.peer()), (&to, client.local()));
    }
    if !has_ipv6() {
        return;
    }
    let only = ListenOptions { only_v6: true, ..ListenOptions::default() };
    let listener = HOST.listen(&address("any:0"), &only).await.unwrap();
    let v4 = format!("127.0.0.1:{}", listener.local().port().unwrap());
    refused(&Endpoint::Inet(v4.parse().unwrap())).await;
}

#[tokio::test]
async fn a_unix_path_is_removed_when_its_listener_closes_unless_another_socket_took_it() {
    let (_directory, here) = own_path();
    let path = here.trim_start_matches("unix:").to_owned();
    let listener = listen(&here).await;
    let clone = listener.try_clone().unwrap();
    let taken = HOST.listen(&address(&here), &ListenOptions::default()).await.unwrap_err();
    assert_eq!(taken.kind, ErrorKind::InUse);
    listener.close();
    assert!(std::path::Path::new(&path).exists(), "a clone still listens there");
    clone.close();
    assert!(!std::path::Path::new(&path).exists());
    refused(&Endpoint::Unix(path.clone().into())).await;
    let old = listen(&here).await;
    std::fs::remove_file(&path).unwrap();
    let new = listen(&here).await;
    old.close();
    assert!(std::path::Path::new(&path).exists(), "the file is the new listener's");
    new.close();
    let nowhere = listen_error(&format!("unix:{path}/under/it")).await;
    assert!(nowhere.contains("no such directory") || nowhere.contains("not a directory"), "{nowhere}");
}

async fn listen_error(at: &str) -> String {
    HOST.listen(&address(at), &ListenOptions::default()).await.unwrap_err().message
}

#[tokio::test]
async fn an_address_of_another_machine_is_not_available() {
    let e = HOST.listen(&address("192.0.2.1:0"), &ListenOptions::default()).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotAvailable);
    assert_eq!(e.message, "192.0.2.1:0: not an address of this machine");
}

/// Lowers the limit on open files, which is the process's: so it runs in a process of its own.
#[test]
fn running_out_of_files_pauses_accept_and_it_goes_on_when_one_is_free() {
    const HERE: &str =
        "net::listener::tests::running_out_of_files_pauses_accept_and_it_goes_on_when_one_is_free";
    if std::env::var_os("SOCKDRILL_TEST_STARVE").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(starve());
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([HERE, "--exact", "--nocapture"]).env("SOCKDRILL_TEST_STARVE", "1");
    child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ran = start_process(|| child.spawn()).unwrap().wait_with_output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Starts processes one after the other while `work` goes on, and counts them.
async fn starting_processes<F: Future>(work: impl FnOnce(Arc<AtomicU64>) -> F) -> u64 {
    let (started, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, ended) = (started.clone(), over.clone());
    let starting = std::thread::spawn(move || {
        while !ended.load(Ordering::SeqCst) {
            let mut child = start_process(|| Command::new("true").spawn()).unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            child.wait().unwrap();
        }
    });
    work(started.clone()).await;
    over.store(true, Ordering::SeqCst);
    starting.join().unwrap();
    started.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_close_is_a_close_while_processes_are_started() {
    let own = own_loopback();
    let started = starting_processes(|started| async move {
        while started.load(Ordering::SeqCst) < 200 {
            let listener = listen(&format!("{own}:0")).await;
            let at = listener.local().clone();
            listener.close();
            refused(&at).await;
        }
    });
    assert!(started.await >= 200);
}

async fn starve() {
    let listener = listen("127.0.0.1:0").await;
    let client = connect(listener.local()).await;
    until(|| listener.fact(Fact::Queued).unwrap() == Some(FactValue::Number(1))).await;
    let resource = nix::sys::resource::Resource::RLIMIT_NOFILE;
    let (_, hard) = nix::sys::resource::getrlimit(resource).unwrap();
    let free = std::fs::File::open("/dev/null").unwrap();
    let limit = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(&free)).unwrap();
    nix::sys::resource::setrlimit(resource, limit, hard).unwrap();
    drop(free);
    let all: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    let used = crate::net::fixture::cpu_while_waiting(listener.accept()).await;
    assert!(listener.starved() >= 2, "{}", listener.starved());
    assert!(used.as_millis() < 60, "{used:?}");
    drop(all);
    nix::sys::resource::setrlimit(resource, limit + 8, hard).unwrap();
    assert_eq!(soon(listener.accept()).await.unwrap().peer(), client.local());
}
