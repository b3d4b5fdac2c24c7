//! Options and facts, as the kernel reads them back.

use std::net::Shutdown;
use std::time::Duration;

use crate::net::fixture::{
    HOST, address, families, listen, not_now, recv, send, soon, take, tcp, unix, until, until_unread, word,
};
use crate::net::{DatagramOptions, End, Received, SendFlags, Stream};
use crate::text::{ErrorKind, Fact, FactValue, OptionValue as Value, SocketOption as O};

#[tokio::test]
async fn every_option_of_a_tcp_stream_reads_back() {
    let (client, _server) = tcp().await;
    let second = |seconds| Value::Duration(Some(Duration::from_secs(seconds)));
    for (option, value) in [
        (O::Nodelay, Value::Bool(true)),
        (O::KeepaliveIdle, second(7)),
        (O::KeepaliveInterval, second(8)),
        (O::KeepaliveCount, Value::Number(9)),
        (O::Linger, Value::Duration(None)),
        (O::Linger, second(0)),
        (O::ReceiveLowWater, Value::Number(5)),
        (O::Ttl, Value::Number(33)),
        (O::Tos, Value::Number(16)),
        (O::UserTimeout, Value::Duration(Some(Duration::from_millis(700)))),
        (O::Cork, Value::Bool(true)),
        (O::Quickack, Value::Bool(true)),
        (O::OobInline, Value::Bool(true)),
        (O::ReuseAddress, Value::Bool(true)),
    ] {
        client.set(option, &value).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(client.option(option).unwrap(), value, "{option:?}");
    }
    assert_eq!(client.option(O::Keepalive).unwrap(), Value::Bool(false), "nobody asked for it");
    client.set(O::Keepalive, &Value::Bool(true)).unwrap();
    assert_eq!(client.option(O::Keepalive).unwrap(), Value::Bool(true));
    let Value::Word(congestion) = client.option(O::Congestion).unwrap() else { panic!("no word") };
    client.set(O::Congestion, &Value::Word(congestion)).unwrap();
    assert!(matches!(client.option(O::Mss).unwrap(), Value::Number(1..)));
    client.set(O::SendBuffer, &Value::Number(20_000)).unwrap();
    assert_eq!(client.option(O::SendBuffer).unwrap(), Value::Number(40_000), "Linux doubles it");
}

#[tokio::test]
async fn every_option_of_a_udp_socket_reads_back_in_both_families() {
    for at in families() {
        let socket = HOST.bind(&address(&at), &DatagramOptions::default()).await.unwrap();
        for (option, value) in [
            (O::Broadcast, Value::Bool(true)),
            (O::Ttl, Value::Number(33)),
            (O::Tos, Value::Number(16)),
            (O::MulticastTtl, Value::Number(3)),
            (O::MulticastLoop, Value::Bool(false)),
            (O::ReceiveErrors, Value::Bool(true)),
            (O::ReusePort, Value::Bool(true)),
        ] {
            socket.set(option, &value).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(socket.option(option).unwrap(), value, "{option:?}");
        }
    }
}

#[tokio::test]
async fn an_option_that_does_not_fit_says_so() {
    let (stream, _peer) = unix().await;
    let (tcp, _tcp_peer) = tcp().await;
    let listener = listen("127.0.0.1:0").await;
    listener.set(O::DeferAccept, &Value::Duration(Some(Duration::from_secs(1)))).unwrap();
    assert!(matches!(listener.option(O::DeferAccept).unwrap(), Value::Duration(Some(_))));
    let said = |result: Result<(), crate::net::NetError>| result.unwrap_err().message;
    assert_eq!(said(stream.set(O::Nodelay, &Value::Bool(true))), "a unix stream has no nodelay");
    assert_eq!(said(tcp.set(O::Broadcast, &Value::Bool(true))), "a TCP stream has no broadcast");
    let half = Value::Duration(Some(Duration::from_millis(1500)));
    assert!(said(tcp.set(O::Linger, &half)).contains("whole seconds"));
    assert!(said(tcp.set(O::Ttl, &Value::Number(u64::MAX))).contains("does not fit"));
    assert!(said(tcp.set(O::Ttl, &Value::Bool(true))).contains("should be a whole number"));
    let unknown = tcp.set(O::Congestion, &Value::Word("telepathy".into())).unwrap_err();
    assert!(unknown.message.starts_with("congestion: there is no telepathy here"), "{unknown}");
    assert_eq!(unknown.kind, ErrorKind::Other, "it says nothing of a connection");
}

#[tokio::test]
async fn the_facts_of_a_tcp_stream_are_the_kernels() {
    let (client, server) = tcp().await;
    send(&client, b"abc").await;
    until_unread(&server, 3).await;
    let fact = |fact| client.fact(fact).unwrap();
    assert_eq!(fact(Fact::State), Some(word("established")));
    assert_eq!(fact(Fact::Sent), Some(FactValue::Number(3)));
    assert_eq!(fact(Fact::Received), Some(FactValue::Number(0)));
    assert_eq!(fact(Fact::Retransmits), Some(FactValue::Number(0)));
    assert_eq!(fact(Fact::Error), Some(word("none")));
    assert_eq!(fact(Fact::Local), Some(word(&client.local().to_string())));
    assert_eq!(fact(Fact::Peer), server.fact(Fact::Local).unwrap());
    assert!(matches!(fact(Fact::Rtt), Some(FactValue::Duration(_))));
    assert!(matches!(fact(Fact::Mss), Some(FactValue::Number(100..))));
    assert!(matches!(fact(Fact::CongestionWindow), Some(FactValue::Number(1..))));
    until(|| client.fact(Fact::Unsent).unwrap() == Some(FactValue::Number(0))).await;
}

#[tokio::test]
async fn what_is_not_acknowledged_counts_no_fin_and_falls_while_the_peer_reads() {
    let (client, server) = tcp().await;
    not_now(async { while client.send(&[7; 8192], SendFlags::default()).await.is_ok() {} }).await;
    client.shutdown(Shutdown::Write).await.unwrap();
    let count = |stream: &Stream, fact| match stream.fact(fact).unwrap() {
        Some(FactValue::Number(count)) => count,
        other => panic!("{other:?}"),
    };
    let is_all = || count(&client, Fact::Unsent) + count(&server, Fact::Unread) == client.sent();
    until(is_all).await;
    let before = client.progress();
    assert!(client.under_way() > 0);
    // The peer reads what it has: there is room for more of what we had sent long before.
    take(&server, usize::try_from(count(&server, Fact::Unread)).unwrap()).await;
    until(|| client.progress() != before).await;
    assert_eq!(client.progress()[..3], before[..3]);
}

#[tokio::test]
async fn what_arrives_is_progress_before_it_is_taken_and_looking_at_it_is_none() {
    for (client, server) in [tcp().await, unix().await] {
        let before = server.progress();
        send(&client, b"half a message").await;
        until(|| server.progress() != before).await;
        let [arrived, rest @ ..] = server.progress();
        assert_eq!((arrived, &rest[..]), (before[0] + 14, &before[1..]), "nobody has received it yet");
        // A pattern looks at it, and what it keeps of it leaves the kernel.
        let mut incoming = server.incoming().await;
        soon(incoming.wait(13)).await.unwrap();
        assert_eq!(server.progress(), [arrived, rest[0], rest[1], rest[2]]);
        incoming.pull(9).await;
        assert_eq!(server.progress(), [arrived, rest[0], rest[1], rest[2]]);
        incoming.take(14).await.unwrap();
        assert_eq!(server.progress(), [arrived, rest[0] + 14, rest[1], rest[2]]);
    }
}

#[tokio::test]
async fn a_fact_that_a_socket_cannot_have_is_an_error_in_words() {
    let (stream, _peer) = unix().await;
    let rtt = stream.fact(Fact::Rtt).unwrap_err();
    assert_eq!((rtt.kind, rtt.message.as_str()), (ErrorKind::Other, "a unix stream has no rtt"));
    let listener = listen("127.0.0.1:0").await;
    assert_eq!(listener.fact(Fact::State).unwrap(), Some(word("listen")));
    assert_eq!(listener.fact(Fact::Unread).unwrap_err().message, "a TCP listener has no unread");
    assert_eq!(listener.fact(Fact::Peer).unwrap_err().message, "a TCP listener has no peer");
    let socket = HOST.bind(&address("127.0.0.1:0"), &DatagramOptions::default()).await.unwrap();
    assert_eq!(socket.fact(Fact::Peer).unwrap(), None);
    assert_eq!(socket.fact(Fact::State).unwrap_err().message, "a UDP socket has no state");
}

#[tokio::test]
async fn a_user_timeout_ends_a_send_that_nobody_reads() {
    let (client, server) = tcp().await;
    client.set(O::UserTimeout, &Value::Duration(Some(Duration::from_millis(300)))).unwrap();
    let sent = soon(client.send(&vec![0; 64 << 20], SendFlags::default())).await.unwrap_err();
    assert_eq!(sent.kind, ErrorKind::Timeout);
    assert!(client.sent() > 0);
    assert_eq!(recv(&client, 1).await, Received::End(End::TimedOut));
    drop(server);
}
