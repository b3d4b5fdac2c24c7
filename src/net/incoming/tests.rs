//! The window of held and peeked bytes.

use std::net::Shutdown;

use crate::net::fixture::{
    HOST, address, bytes, connect, cpu_while_waiting, listen, not_now, recv, send, soon, take, tcp, unix,
    until_unread,
};
use crate::net::{ConnectOptions, End, ListenOptions, Received, SendFlags};
use crate::text::{Fact, FactValue, OptionValue, SocketOption};

/// What the kernel holds, without sockdrill's held bytes.
fn in_kernel(stream: &crate::net::Stream) -> usize {
    crate::net::sys::inq(stream.polled.fd()).unwrap()
}

#[tokio::test]
async fn peeked_bytes_stay_in_the_kernel_until_they_are_taken() {
    for (client, server) in [tcp().await, unix().await] {
        send(&client, b"one two").await;
        let mut incoming = server.incoming().await;
        soon(incoming.wait(6)).await.unwrap();
        assert_eq!((incoming.window(), incoming.end()), (&b"one two"[..], None));
        assert_eq!(in_kernel(&server), 7);
        assert_eq!(incoming.take(4).await.unwrap(), b"one ");
        assert_eq!((incoming.window(), in_kernel(&server)), (&b"two"[..], 3));
        incoming.pull(2).await;
        assert_eq!((incoming.window(), in_kernel(&server)), (&b"two"[..], 1));
        assert_eq!(
            server.fact(Fact::Unread).unwrap(),
            Some(FactValue::Number(3)),
            "held bytes are unread too"
        );
        incoming.discard(1).await.unwrap();
        assert_eq!(incoming.take(2).await.unwrap(), b"wo");
        assert_eq!(server.received(), 7);
    }
}

#[tokio::test]
async fn recv_once_takes_what_comes_and_held_bytes_first() {
    let (client, server) = tcp().await;
    send(&client, b"abcdef").await;
    let mut incoming = server.incoming().await;
    soon(incoming.wait(5)).await.unwrap();
    incoming.pull(2).await;
    assert_eq!(incoming.recv_once(99).await.unwrap(), bytes("ab"));
    assert_eq!(incoming.window(), b"cdef");
    assert_eq!(incoming.recv_once(3).await.unwrap(), bytes("cde"));
    assert_eq!(incoming.window(), b"f");
    send(&client, b"gh").await;
    until_unread(&server, 3).await;
    assert_eq!(incoming.recv_once(99).await.unwrap(), bytes("fgh"));
    assert_eq!(incoming.window(), b"");
    assert_eq!(incoming.recv_once(0).await.unwrap(), bytes(""), "asking for nothing is no end");
}

#[tokio::test]
async fn a_wait_that_is_dropped_loses_nothing() {
    let (client, server) = tcp().await;
    let mut incoming = server.incoming().await;
    not_now(incoming.wait(0)).await;
    not_now(incoming.recv_once(10)).await;
    not_now(incoming.fill(10)).await;
    send(&client, b"abc").await;
    soon(incoming.wait(2)).await.unwrap();
    not_now(incoming.wait(3)).await;
    assert_eq!(incoming.window(), b"abc");
    drop(incoming);
    assert_eq!(take(&server, 3).await, b"abc");
}

#[tokio::test]
async fn a_window_grows_beyond_what_is_peeked_at_once() {
    let (client, server) = tcp().await;
    let sent: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
    let receive = async {
        let mut incoming = server.incoming().await;
        incoming.wait(sent.len() - 1).await.unwrap();
        incoming.take(sent.len()).await.unwrap()
    };
    let (received, ()) = soon(async { tokio::join!(receive, send(&client, &sent)) }).await;
    assert!(received == sent);
}

#[tokio::test]
async fn a_window_larger_than_a_small_receive_buffer_still_fills() {
    let options = vec![(SocketOption::ReceiveBuffer, OptionValue::Number(2048))];
    let options = ListenOptions { options, ..ListenOptions::default() };
    let listener = HOST.listen(&address("127.0.0.1:0"), &options).await.unwrap();
    let client = connect(listener.local()).await;
    let server = soon(listener.accept()).await.unwrap();
    let sent = vec![7; 40_000];
    let receive = async {
        let mut incoming = server.incoming().await;
        incoming.wait(39_999).await.unwrap();
        incoming.window().len()
    };
    let (seen, ()) = soon(async { tokio::join!(receive, send(&client, &sent)) }).await;
    assert_eq!(seen, 40_000);
}

#[tokio::test]
async fn a_unix_sender_of_single_bytes_is_not_stopped_by_peeking() {
    let (client, server) = unix().await;
    let receive = async {
        let mut incoming = server.incoming().await;
        incoming.wait(1_999).await.unwrap();
        incoming.take(2_000).await.unwrap()
    };
    let drip = async {
        for _ in 0..2_000 {
            client.send(b"x", SendFlags::default()).await.unwrap();
        }
    };
    let (received, ()) = soon(async { tokio::join!(receive, drip) }).await;
    assert_eq!(received.len(), 2_000);
}

#[tokio::test]
async fn fill_receives_directly_behind_the_window_and_never_more_than_asked() {
    let (client, server) = tcp().await;
    send(&client, b"abcdef").await;
    let mut incoming = server.incoming().await;
    soon(incoming.fill(2)).await.unwrap();
    assert_eq!((incoming.window(), in_kernel(&server)), (&b"ab"[..], 4));
    soon(incoming.wait(2)).await.unwrap();
    assert_eq!(incoming.window(), b"abcdef");
    client.send(b"gh", SendFlags::default()).await.unwrap();
    soon(incoming.fill(100)).await.unwrap();
    assert_eq!((incoming.window(), in_kernel(&server)), (&b"abcdefgh"[..], 0));
    client.close().await.unwrap();
    soon(incoming.fill(100)).await.unwrap();
    assert_eq!((incoming.window(), incoming.end()), (&b"abcdefgh"[..], Some(&End::Fin)));
    assert_eq!(incoming.take(8).await.unwrap(), b"abcdefgh");
}

#[tokio::test]
async fn many_small_takes_see_the_same_bytes_as_one_large() {
    let (client, server) = tcp().await;
    let sent: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    send(&client, &sent).await;
    let mut received = Vec::new();
    for size in (1..).take_while(|size| size * (size + 1) / 2 <= sent.len()) {
        received.extend(take(&server, size).await);
    }
    assert!(sent.starts_with(&received));
    assert_eq!(server.received(), received.len() as u64);
}

#[tokio::test]
async fn waiting_uses_no_cpu_whatever_the_state() {
    let (client, server) = tcp().await;
    send(&client, b"unread").await;
    let mut incoming = server.incoming().await;
    soon(incoming.wait(5)).await.unwrap();
    let peeked = cpu_while_waiting(incoming.wait(6)).await;
    drop(incoming);
    client.shutdown(Shutdown::Read).await.unwrap();
    let mut incoming = client.incoming().await;
    let own_shutdown = cpu_while_waiting(incoming.wait(0)).await;
    drop(incoming);
    let watched = cpu_while_waiting(client.ended()).await;
    client.shutdown(Shutdown::Write).await.unwrap();
    soon(server.ended()).await;
    let urgent = tcp().await;
    let urgent = cpu_while_waiting(urgent.0.recv_urgent()).await;
    for (what, used) in
        [("peeked", peeked), ("own shutdown read", own_shutdown), ("watched", watched), ("urgent", urgent)]
    {
        assert!(used.as_millis() < 60, "{what}: {used:?} of CPU in 300 ms");
    }
}

#[tokio::test]
async fn sending_to_a_peer_that_reads_nothing_uses_no_cpu_and_counts_exactly() {
    let (client, server) = tcp().await;
    let used = cpu_while_waiting(client.send(&vec![0; 64 << 20], SendFlags::default())).await;
    assert!(used.as_millis() < 100, "{used:?}");
    assert!(client.sent() > 100_000, "the kernel takes some");
    let sent = client.sent();
    client.close().await.unwrap();
    let end = soon(server.discard()).await.unwrap();
    assert_eq!((server.received(), end), (sent, End::Fin));
}

#[tokio::test]
async fn a_pattern_sees_past_an_urgent_byte_and_plain_recv_skips_it() {
    let (client, server) = tcp().await;
    send(&client, b"ab").await;
    client.send(b"!", SendFlags { urgent: true, more: false }).await.unwrap();
    send(&client, b"cd").await;
    assert_eq!(take(&server, 4).await, b"abcd");
    send(&client, b"ab").await;
    client.send(b"!", SendFlags { urgent: true, more: false }).await.unwrap();
    send(&client, b"cd").await;
    client.shutdown(Shutdown::Write).await.unwrap();
    let mut incoming = server.incoming().await;
    soon(incoming.wait(4)).await.unwrap();
    assert_eq!((incoming.window(), incoming.end()), (&b"abcd"[..], Some(&End::Fin)));
}

#[tokio::test]
async fn an_urgent_byte_is_waited_for_and_received_beside_the_stream() {
    let (client, server) = tcp().await;
    let send = async {
        client.send(b"ab!", SendFlags { urgent: true, more: false }).await.unwrap();
    };
    let (urgent, ()) = soon(async { tokio::join!(server.recv_urgent(), send) }).await;
    assert_eq!(urgent.unwrap(), Some(b'!'));
    assert_eq!(take(&server, 2).await, b"ab");
    client.close().await.unwrap();
    assert_eq!(soon(server.recv_urgent()).await.unwrap(), None, "the end comes without one");
    assert_eq!(recv(&server, 10).await, Received::End(End::Fin));
}

#[tokio::test]
async fn held_back_bytes_come_as_one_piece_when_released() {
    let (client, server) = tcp().await;
    client.send(b"one ", SendFlags { more: true, urgent: false }).await.unwrap();
    client.set(SocketOption::Cork, &OptionValue::Bool(true)).unwrap();
    send(&client, b"two ").await;
    let mut incoming = server.incoming().await;
    not_now(incoming.wait(0)).await;
    client.set(SocketOption::Cork, &OptionValue::Bool(false)).unwrap();
    assert_eq!(soon(incoming.recv_once(99)).await.unwrap(), bytes("one two "));
}

#[tokio::test]
async fn a_stream_connected_to_itself_hears_itself() {
    let own = crate::net::fixture::own_loopback();
    let port = listen(&format!("{own}:0")).await.local().port().unwrap();
    let here = address(&format!("{own}:{port}"));
    let options = ConnectOptions { bind: Some(here.clone()), ..ConnectOptions::default() };
    let stream = soon(HOST.connect(&here, &options)).await.unwrap();
    assert_eq!(stream.local(), stream.peer());
    send(&stream, b"echo").await;
    assert_eq!(take(&stream, 4).await, b"echo");
}
