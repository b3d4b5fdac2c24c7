//! Datagrams: whole or truncated, refused, dropped, broadcast and multicast.

use std::time::Duration;

use crate::net::fixture::{
    HOST, address, at, cpu_while_waiting, families, has_ipv6, not_now, own_loopback, own_name, own_path,
    soon, until,
};
use crate::net::{Datagram, DatagramOptions, Endpoint, relay_datagrams};
use crate::text::{ErrorKind, Fact, FactValue, OptionValue, SocketOption};

async fn bind(text: &str) -> Datagram {
    bind_with(text, DatagramOptions::default()).await
}

async fn bind_with(text: &str, options: DatagramOptions) -> Datagram {
    HOST.bind(&address(text), &options).await.unwrap()
}

async fn connected(to: &Datagram) -> Datagram {
    let to = Some(at(to.local()));
    bind_with("127.0.0.1:0", DatagramOptions { to, ..DatagramOptions::default() }).await
}

async fn recv(socket: &Datagram) -> Vec<u8> {
    soon(socket.recv(65_535)).await.unwrap().bytes
}

/// A connected socket whose peer is gone.
async fn orphan() -> Datagram {
    let peer = bind(&format!("{}:0", own_loopback())).await;
    let socket = connected(&peer).await;
    peer.close();
    socket
}

#[tokio::test]
async fn datagrams_keep_their_boundaries_and_an_empty_one_is_data() {
    for name in families().into_iter().chain([own_name()]) {
        let server = bind(&name).await;
        let client = bind(&if name.contains('@') { own_name() } else { name }).await;
        for bytes in [&b"one"[..], b"", b"three"] {
            client.send(bytes, Some(server.local())).await.unwrap();
        }
        let first = soon(server.peek()).await.unwrap();
        assert_eq!((&first.bytes[..], &first.from, first.truncated), (&b"one"[..], client.local(), false));
        for bytes in [&b"one"[..], b"", b"three"] {
            assert_eq!(recv(&server).await, bytes);
        }
        assert_eq!((client.sent(), server.received()), (8, 8));
    }
}

#[tokio::test]
async fn a_datagram_longer_than_asked_for_is_truncated_visibly() {
    for name in ["127.0.0.1:0".to_owned(), own_name()] {
        let server = bind(&name).await;
        let client = bind(&if name.contains('@') { own_name() } else { name }).await;
        client.send(b"0123456789", Some(server.local())).await.unwrap();
        client.send(b"next", Some(server.local())).await.unwrap();
        let cut = soon(server.recv(4)).await.unwrap();
        assert_eq!((&cut.bytes[..], cut.truncated), (&b"0123"[..], true));
        let whole = soon(server.recv(4)).await.unwrap();
        assert_eq!((&whole.bytes[..], whole.truncated), (&b"next"[..], false));
    }
}

#[tokio::test]
async fn the_largest_datagram_goes_and_one_byte_more_is_refused_before_sending() {
    for (name, (limit, family)) in families().iter().zip([(65_507, "IPv4"), (65_527, "IPv6")]) {
        let (server, client) = (bind(name).await, bind(name).await);
        client.send(&vec![7; limit], Some(server.local())).await.unwrap();
        let message = soon(server.peek()).await.unwrap();
        assert_eq!((message.bytes.len(), message.truncated), (limit, false));
        let more = client.send(&vec![7; limit + 1], Some(server.local())).await.unwrap_err();
        assert_eq!(more.kind, ErrorKind::TooLong);
        let to = server.local();
        assert_eq!(
            more.message,
            format!("{to}: {} bytes, and a datagram over {family} holds at most {limit}", limit + 1)
        );
        assert_eq!(client.sent(), limit as u64);
    }
}

#[tokio::test]
async fn a_closed_port_is_charged_to_the_earlier_send_once_for_each_icmp_message() {
    let socket = orphan().await;
    let peer = socket.peer().unwrap().clone();
    socket.send(b"one", None).await.unwrap();
    socket.send(b"two", None).await.unwrap();
    let told = [soon(socket.recv(10)).await.unwrap_err(), soon(socket.peek()).await.unwrap_err()];
    for e in told {
        let words = "ICMP port unreachable, nothing is bound there";
        assert_eq!((e.kind, e.message), (ErrorKind::Refused, format!("{peer}: {words}")));
    }
    not_now(socket.recv(10)).await;
    let server = bind(&peer.to_string()).await;
    socket.send(b"three", None).await.unwrap();
    assert_eq!(recv(&server).await, b"three");
    server.send(b"back", Some(socket.local())).await.unwrap();
    assert_eq!(recv(&socket).await, b"back", "receiving goes on");
}

#[tokio::test]
async fn a_refusal_wakes_a_receive_that_waits_already_also_when_a_send_meets_it() {
    let socket = orphan().await;
    let send = async {
        socket.send(b"one", None).await.unwrap();
    };
    let (told, ()) = soon(async { tokio::join!(socket.recv(10), send) }).await;
    assert_eq!(told.unwrap_err().kind, ErrorKind::Refused);
    let send = async {
        socket.send(b"one", None).await.unwrap();
        socket.send(b"two", None).await.unwrap();
    };
    let twice = async { (socket.recv(10).await, socket.recv(10).await) };
    let ((one, two), ()) = soon(async { tokio::join!(twice, send) }).await;
    assert_eq!((one.unwrap_err().kind, two.unwrap_err().kind), (ErrorKind::Refused, ErrorKind::Refused));
}

#[tokio::test]
async fn an_unconnected_socket_hears_nothing_of_a_closed_port_unless_it_receives_errors() {
    let gone = bind(&format!("{}:0", own_loopback())).await.local().clone();
    let socket = bind("127.0.0.1:0").await;
    socket.send(b"x", Some(&gone)).await.unwrap();
    not_now(socket.recv(10)).await;
    socket.set(SocketOption::ReceiveErrors, &OptionValue::Bool(true)).unwrap();
    for _ in 0..2 {
        socket.send(b"x", Some(&gone)).await.unwrap();
    }
    for _ in 0..2 {
        let e = soon(socket.recv(10)).await.unwrap_err();
        let words = "ICMP port unreachable, nothing is bound there (type 3, code 3), said";
        let by = gone.ip().unwrap();
        assert_eq!((e.kind, e.message), (ErrorKind::Refused, format!("{gone}: {words} {by}")));
    }
    not_now(socket.recv(10)).await;
}

#[tokio::test]
async fn icmp_errors_are_received_over_ipv6_too() {
    if !has_ipv6() {
        return;
    }
    // Connected elsewhere, it keeps the port for itself and hears nobody else on it.
    let elsewhere = bind("[::1]:0").await;
    let to = Some(at(elsewhere.local()));
    let deaf = bind_with("[::1]:0", DatagramOptions { to, ..DatagramOptions::default() }).await;
    let gone = deaf.local().clone();
    let socket = bind("[::1]:0").await;
    socket.set(SocketOption::ReceiveErrors, &OptionValue::Bool(true)).unwrap();
    socket.send(b"x", Some(&gone)).await.unwrap();
    let e = soon(socket.recv(10)).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::Refused);
    assert!(e.message.contains("(type 1, code 4), said ::1"), "{e}");
}

#[tokio::test]
async fn a_connected_socket_hides_what_others_send() {
    let server = bind("127.0.0.1:0").await;
    let client = connected(&server).await;
    let stranger = bind("127.0.0.1:0").await;
    stranger.send(b"psst", Some(client.local())).await.unwrap();
    not_now(client.recv(10)).await;
    server.send(b"hello", Some(client.local())).await.unwrap();
    assert_eq!(recv(&client).await, b"hello");
}

#[tokio::test]
async fn sending_without_a_destination_is_not_connected() {
    let socket = bind("127.0.0.1:0").await;
    let e = socket.send(b"x", None).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotConnected);
    let e = socket.resolve_to(&HOST, &address("[::1]:9")).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotAvailable);
    assert!(e.message.contains("another family"), "{e}");
    let to = socket.resolve_to(&HOST, &address("localhost:9")).await.unwrap();
    assert_eq!(to.to_string(), "127.0.0.1:9", "the address of the socket's own family");
}

#[tokio::test]
async fn broadcast_needs_the_option_and_reaches_only_sockets_bound_for_it() {
    let all = bind("0.0.0.0:0").await;
    let port = all.local().port().unwrap();
    let reuse = || DatagramOptions { reuse_address: true, ..DatagramOptions::default() };
    let one = bind_with("127.0.0.1:0", reuse()).await;
    let address = bind_with(&format!("127.255.255.255:{}", one.local().port().unwrap()), reuse()).await;
    let to = |port: u16| Endpoint::Inet(format!("127.255.255.255:{port}").parse().unwrap());
    let denied = bind("127.0.0.1:0").await.send(b"x", Some(&to(port))).await.unwrap_err();
    assert_eq!(denied.kind, ErrorKind::Denied);
    assert!(denied.message.ends_with("add broadcast"), "{denied}");
    let sender =
        bind_with("127.0.0.1:0", DatagramOptions { broadcast: true, ..DatagramOptions::default() }).await;
    sender.send(b"hear", Some(&to(port))).await.unwrap();
    assert_eq!(recv(&all).await, b"hear");
    sender.send(b"ye", Some(&to(one.local().port().unwrap()))).await.unwrap();
    assert_eq!(recv(&address).await, b"ye");
    not_now(one.recv(10)).await;
}

#[tokio::test]
async fn multicast_on_loopback_reaches_every_receiver_that_joined() {
    for interface in ["127.0.0.1", "lo"] {
        let options = || DatagramOptions {
            join: Some("239.77.1.9".parse().unwrap()),
            interface: Some(interface.to_owned()),
            reuse_address: true,
            ..DatagramOptions::default()
        };
        let one = bind_with("0.0.0.0:0", options()).await;
        let port = one.local().port().unwrap();
        let two = bind_with(&format!("0.0.0.0:{port}"), options()).await;
        let sending = DatagramOptions {
            interface: Some(interface.to_owned()),
            ttl: Some(1),
            ..DatagramOptions::default()
        };
        let sender = bind_with("127.0.0.1:0", sending).await;
        let to = Endpoint::Inet(format!("239.77.1.9:{port}").parse().unwrap());
        sender.send(b"all", Some(&to)).await.unwrap();
        assert_eq!(recv(&one).await, b"all", "on {interface}");
        assert_eq!(recv(&two).await, b"all", "on {interface}");
    }
}

#[tokio::test]
async fn an_interface_is_found_by_name_or_address_in_both_families_or_not_available() {
    for interface in ["lo", "::1"].into_iter().filter(|_| has_ipv6()) {
        let options = DatagramOptions {
            join: Some("ff01::7701".parse().unwrap()),
            interface: Some(interface.to_owned()),
            ..DatagramOptions::default()
        };
        let socket = bind_with("[::]:0", options).await;
        let lo = nix::net::if_::if_nametoindex("lo").unwrap();
        assert_eq!(socket.polled.socket().multicast_if_v6().unwrap(), lo);
    }
    let nowhere = DatagramOptions { interface: Some("nosuch0".into()), ..DatagramOptions::default() };
    let e = HOST.bind(&address("127.0.0.1:0"), &nowhere).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotAvailable);
}

#[tokio::test]
async fn several_receivers_of_one_address_need_reuse_address() {
    let one = bind(&format!("{}:0", own_loopback())).await;
    let e = HOST.bind(&at(one.local()), &DatagramOptions::default()).await.unwrap_err();
    assert_eq!((e.kind, e.message), (ErrorKind::InUse, format!("{}: address already in use", one.local())));
}

#[tokio::test]
async fn a_receive_buffer_that_was_asked_for_is_not_made_larger() {
    let asked = vec![(SocketOption::ReceiveBuffer, OptionValue::Number(4096))];
    for (options, is_small) in [(asked, true), (Vec::new(), false)] {
        let server =
            bind_with("127.0.0.1:0", DatagramOptions { options, ..DatagramOptions::default() }).await;
        server.intake().unwrap();
        let OptionValue::Number(size) = server.option(SocketOption::ReceiveBuffer).unwrap() else { panic!() };
        assert_eq!(size < 20_000, is_small, "{size}");
    }
}

#[tokio::test]
async fn what_does_not_fit_the_receive_buffer_is_dropped_counted_and_not_told_to_the_sender() {
    let options = vec![(SocketOption::ReceiveBuffer, OptionValue::Number(4096))];
    let server = bind_with("127.0.0.1:0", DatagramOptions { options, ..DatagramOptions::default() }).await;
    let client = connected(&server).await;
    for _ in 0..100 {
        client.send(&[7; 1000], None).await.unwrap();
    }
    let dropped = || match server.fact(Fact::Dropped).unwrap() {
        Some(FactValue::Number(count)) => count,
        other => panic!("{other:?}"),
    };
    until(|| dropped() > 0).await;
    let mut received = 0;
    while tokio::time::timeout(Duration::from_millis(50), server.recv(9999)).await.is_ok() {
        received += 1;
    }
    assert_eq!(received + dropped(), 100);
}

#[tokio::test]
async fn unread_is_the_size_of_the_next_datagram() {
    let server = bind("127.0.0.1:0").await;
    let client = connected(&server).await;
    client.send(b"12345", None).await.unwrap();
    until(|| server.fact(Fact::Unread).unwrap() == Some(FactValue::Number(5))).await;
    assert_eq!(client.fact(Fact::Peer).unwrap(), Some(FactValue::Word(server.local().to_string())));
}

#[tokio::test]
async fn echo_returns_each_datagram_to_its_sender() {
    let server = bind("any:0").await;
    let port = server.local().port().unwrap();
    let to = Endpoint::Inet(format!("127.0.0.1:{port}").parse().unwrap());
    let talk = async {
        for _ in 0..3 {
            let client = bind("127.0.0.1:0").await;
            client.send(b"hello", Some(&to)).await.unwrap();
            let back = soon(client.recv(10)).await.unwrap();
            assert_eq!((&back.bytes[..], &back.from), (&b"hello"[..], &to));
            client.send(b"", Some(&to)).await.unwrap();
            assert_eq!(recv(&client).await, b"");
        }
    };
    tokio::select! {
        over = server.echo() => panic!("{over:?}"),
        () = talk => {}
    }
}

#[tokio::test]
async fn a_relay_sends_replies_to_whoever_spoke_last() {
    let (front, server) = (bind("127.0.0.1:0").await, bind("127.0.0.1:0").await);
    let back = connected(&server).await;
    let talk = async {
        for _ in 0..2 {
            let client = connected(&front).await;
            client.send(b"ask", None).await.unwrap();
            let asked = soon(server.recv(10)).await.unwrap();
            assert_eq!((&asked.bytes[..], &asked.from), (&b"ask"[..], back.local()));
            server.send(b"answer", Some(&asked.from)).await.unwrap();
            assert_eq!(recv(&client).await, b"answer");
        }
    };
    tokio::select! {
        over = relay_datagrams(&front, &back) => panic!("{over:?}"),
        () = talk => {}
    }
}

#[tokio::test]
async fn a_full_unix_receiver_makes_the_sender_wait_and_not_spin() {
    let server = bind(&own_name()).await;
    let client = bind(&own_name()).await;
    let flood = async {
        loop {
            client.send(b"x", Some(server.local())).await.unwrap();
        }
    };
    let used = cpu_while_waiting(flood).await;
    assert!(used.as_millis() < 100, "{used:?}");
    let queued = client.sent();
    for _ in 0..queued {
        assert_eq!(recv(&server).await, b"x");
    }
    client.send(b"y", Some(server.local())).await.unwrap();
    assert_eq!(recv(&server).await, b"y");
}

#[tokio::test]
async fn a_unix_datagram_path_is_removed_at_the_end_and_then_refuses() {
    let (_directory, here) = own_path();
    let server = bind(&here).await;
    let client = bind(&own_name()).await;
    let to = server.local().clone();
    client.send(b"x", Some(&to)).await.unwrap();
    assert_eq!(recv(&server).await, b"x");
    server.close();
    let e = client.send(b"x", Some(&to)).await.unwrap_err();
    assert_eq!((e.kind, e.message), (ErrorKind::Refused, format!("{here}: connection refused")));
}

#[tokio::test]
async fn idle_datagram_sockets_use_no_cpu() {
    let socket = bind("127.0.0.1:0").await;
    let used = cpu_while_waiting(socket.recv(10)).await;
    let gone = orphan().await;
    gone.send(b"x", None).await.unwrap();
    soon(gone.recv(1)).await.unwrap_err();
    let after_error = cpu_while_waiting(gone.recv(1)).await;
    assert!(used.as_millis() < 60 && after_error.as_millis() < 60, "{used:?}, {after_error:?}");
}
