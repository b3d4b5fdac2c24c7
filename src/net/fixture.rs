//! What the tests of this floor share: connected pairs on loopback, and waits that are long where
//! something must happen and short where nothing may.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{ConnectOptions, Endpoint, Host, ListenOptions, Listener, Received, Stream};
use crate::text::{Address, Fact, FactValue};

pub const HOST: Host = Host::here();

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// The address of an endpoint.
pub fn at(endpoint: &Endpoint) -> Address {
    address(&endpoint.to_string())
}

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A loopback address that no other test of any process uses now, for tests that reuse a port.
pub fn own_loopback() -> String {
    let pid = std::process::id();
    format!("127.{}.{}.{}", 1 + (pid >> 8) % 253, pid % 256, 1 + next() % 253)
}

/// A free port on the loopback address of each family that this machine has.
pub fn families() -> Vec<String> {
    let all = ["127.0.0.1:0", "[::1]:0"];
    all.into_iter().filter(|at| std::net::UdpSocket::bind(at).is_ok()).map(str::to_owned).collect()
}

pub fn has_ipv6() -> bool {
    families().len() > 1
}

/// An abstract unix name of one's own.
pub fn own_name() -> String {
    format!("unix:@sockdrill-test-{}-{}", std::process::id(), next())
}

/// A path for a unix socket of one's own; the directory lives as long as the guard.
pub fn own_path() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = format!("unix:{}", directory.path().join("socket").display());
    (directory, path)
}

/// What must happen, with a wait long enough for any machine.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("nothing happened for 30 s")
}

/// What must not happen, with a short wait.
pub async fn not_now<F: Future>(future: F) {
    assert!(tokio::time::timeout(Duration::from_millis(50), future).await.is_err(), "it happened");
}

pub async fn listen(text: &str) -> Listener {
    HOST.listen(&address(text), &ListenOptions::default()).await.unwrap()
}

pub async fn connect(to: &Endpoint) -> Stream {
    soon(HOST.connect_endpoint(to, &ConnectOptions::default())).await.unwrap()
}

/// (client, server) on an address.
pub async fn pair_at(text: &str) -> (Stream, Stream) {
    let listener = listen(text).await;
    let client = connect(listener.local()).await;
    let server = soon(listener.accept()).await.unwrap();
    (client, server)
}

pub async fn tcp() -> (Stream, Stream) {
    pair_at("127.0.0.1:0").await
}

pub async fn unix() -> (Stream, Stream) {
    pair_at(&own_name()).await
}

pub async fn send(stream: &Stream, bytes: &[u8]) {
    soon(stream.send(bytes, super::SendFlags::default())).await.unwrap();
}

pub async fn recv(stream: &Stream, max: usize) -> Received {
    soon(stream.incoming().await.recv_once(max)).await.unwrap()
}

/// Exactly `count` bytes.
pub async fn take(stream: &Stream, count: usize) -> Vec<u8> {
    let mut incoming = stream.incoming().await;
    soon(incoming.wait(count - 1)).await.unwrap();
    incoming.take(count).await.unwrap()
}

pub fn bytes(text: &str) -> Received {
    Received::Bytes(text.as_bytes().to_vec())
}

pub fn word(text: &str) -> FactValue {
    FactValue::Word(text.to_owned())
}

/// Waits until the kernel says so: a state is a sample.
pub async fn until(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(30), "the kernel never said so");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Until it holds bytes that nobody has consumed: a service does that where it cannot send.
pub async fn until_held(stream: &Stream) {
    until(|| stream.held.load(std::sync::atomic::Ordering::SeqCst) > 0).await;
}

/// An echo that is given up while the client sends `size` bytes and reads nothing: what it could not send back is there
/// for the next who receives.
pub async fn give_up_an_echo(client: &Stream, server: &Stream, size: u32) {
    let sent: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    let sending = client.send(&sent, super::SendFlags::default());
    tokio::select! {
        both = async { tokio::join!(server.echo(), sending) } => panic!("{both:?}"),
        () = until_held(server) => {}
    }
    let echoed = server.sent();
    assert_eq!(server.received(), echoed);
    let next = take(server, 100).await;
    assert!(next == sent[usize::try_from(echoed).unwrap()..][..100], "after {echoed}");
}

pub async fn until_state(stream: &Stream, state: &str) {
    until(|| stream.fact(Fact::State).unwrap() == Some(word(state))).await;
}

pub async fn until_unread(stream: &Stream, count: u64) {
    until(|| stream.fact(Fact::Unread).unwrap() == Some(FactValue::Number(count))).await;
}

/// The CPU time this thread used while `future` waited in vain for a while.
pub async fn cpu_while_waiting<F: Future>(future: F) -> Duration {
    let used = || {
        let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_THREAD).unwrap();
        let micros =
            |t: nix::sys::time::TimeVal| u64::try_from(t.tv_sec() * 1_000_000 + t.tv_usec()).unwrap();
        Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
    };
    let before = used();
    assert!(tokio::time::timeout(Duration::from_millis(300), future).await.is_err(), "it did not wait");
    used().saturating_sub(before)
}
