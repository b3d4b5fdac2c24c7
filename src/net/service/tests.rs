//! Connections served whole.

use std::net::Shutdown;

use crate::net::fixture::{
    bytes, cpu_while_waiting, give_up_an_echo, recv, send, soon, take, tcp, unix, until_held, until_unread,
};
use crate::net::{End, Received, SendFlags, relay};

#[tokio::test]
async fn echo_sends_everything_back_held_bytes_first_and_counts() {
    for (client, server) in [tcp().await, unix().await] {
        send(&client, b"held peeked ").await;
        let mut incoming = server.incoming().await;
        soon(incoming.wait(11)).await.unwrap();
        incoming.pull(5).await;
        drop(incoming);
        let talk = async {
            assert_eq!(take(&client, 12).await, b"held peeked ");
            for round in 0..100u32 {
                send(&client, &round.to_be_bytes()).await;
                assert_eq!(take(&client, 4).await, round.to_be_bytes());
            }
            client.shutdown(Shutdown::Write).await.unwrap();
        };
        let (end, ()) = soon(async { tokio::join!(server.echo(), talk) }).await;
        assert_eq!((end.unwrap(), server.received(), server.sent()), (End::Fin, 412, 412));
    }
}

#[tokio::test]
async fn echo_of_more_than_the_buffers_hold_loses_nothing() {
    let (client, server) = tcp().await;
    let sent: Vec<u8> = (0..24_000_000u32).map(|n| (n % 251) as u8).collect();
    let write = async {
        send(&client, &sent).await;
        client.shutdown(Shutdown::Write).await.unwrap();
    };
    let read = async {
        let mut seen = Vec::new();
        let mut incoming = client.incoming().await;
        while incoming.end().is_none() {
            incoming.fill(1 << 20).await.unwrap();
            let count = incoming.window().len();
            seen.extend(incoming.take(count).await.unwrap());
        }
        seen
    };
    let serve = async {
        server.echo().await.unwrap();
        let received = server.received();
        server.close().await.unwrap();
        received
    };
    let (received, (), seen) = soon(async { tokio::join!(serve, write, read) }).await;
    assert_eq!(received, 24_000_000);
    assert!(seen == sent);
}

#[tokio::test]
async fn whoever_floods_gets_two_buffers_a_turn_at_most() {
    let (client, server) = tcp().await;
    let peer = std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(async {
            let write = async {
                send(&client, &vec![b'x'; 64_000_000]).await;
                client.shutdown(Shutdown::Write).await.unwrap();
            };
            soon(async { tokio::join!(write, client.discard()) }).await.1.unwrap();
        });
    });
    let turns = async {
        let (mut last, mut most) = (0, 0);
        loop {
            most = most.max(server.received() - last);
            last = server.received();
            if last == 64_000_000 {
                return most;
            }
            tokio::task::yield_now().await;
        }
    };
    let (end, most) = soon(async { tokio::join!(biased; server.echo(), turns) }).await;
    assert_eq!(end.unwrap(), End::Fin);
    assert!(most <= 2 * 256 * 1024, "{most} bytes before the others had a turn");
    drop(server);
    peer.join().unwrap();
}

#[tokio::test]
async fn a_service_that_is_given_up_leaves_what_it_could_not_send_to_the_next_who_receives() {
    for (client, server) in [tcp().await, unix().await] {
        give_up_an_echo(&client, &server, 12_000_000).await;
    }
    let sent: Vec<u8> = (0..12_000_000u32).map(|n| (n % 251) as u8).collect();
    let ((client, a), (b, _server)) = (tcp().await, tcp().await);
    tokio::select! {
        both = async { tokio::join!(relay((&a, |_: &[u8]| ()), (&b, |_: &[u8]| ())), client.send(&sent, SendFlags::default())) } => panic!("{both:?}"),
        () = until_held(&a) => {}
    }
    assert_eq!(a.received(), b.sent());
    let next = take(&a, 100).await;
    assert!(next == sent[usize::try_from(b.sent()).unwrap()..][..100], "after {}", b.sent());
}

#[tokio::test]
async fn echo_tells_a_reset_from_a_fin() {
    let (client, server) = tcp().await;
    let end = async {
        send(&client, b"x").await;
        assert_eq!(take(&client, 1).await, b"x");
        client.reset().unwrap();
    };
    let (ended, ()) = soon(async { tokio::join!(server.echo(), end) }).await;
    assert_eq!(ended.unwrap(), End::Reset);
}

#[tokio::test]
async fn discard_drops_everything_and_tells_the_end() {
    for (client, server) in [tcp().await, unix().await] {
        let write = async {
            send(&client, &vec![0; 5_000_000]).await;
            client.shutdown(Shutdown::Write).await.unwrap();
        };
        let (end, ()) = soon(async { tokio::join!(server.discard(), write) }).await;
        assert_eq!((end.unwrap(), server.received(), server.sent()), (End::Fin, 5_000_000, 0));
    }
    let (client, server) = tcp().await;
    send(&client, b"x").await;
    client.abort().unwrap();
    assert_eq!(soon(server.discard()).await.unwrap(), End::Reset);
}

#[tokio::test]
async fn idle_service_loops_use_no_cpu() {
    let (a, b) = (tcp().await, tcp().await);
    let echo = cpu_while_waiting(a.1.echo()).await;
    let discard = cpu_while_waiting(a.1.discard()).await;
    let relayed = cpu_while_waiting(relay((&a.1, |_: &[u8]| ()), (&b.0, |_: &[u8]| ()))).await;
    a.1.shutdown(Shutdown::Read).await.unwrap();
    let shut = cpu_while_waiting(a.1.echo()).await;
    let shut_discard = cpu_while_waiting(a.1.discard()).await;
    for used in [echo, discard, relayed, shut, shut_discard] {
        assert!(used.as_millis() < 60, "{used:?} of CPU in 300 ms");
    }
}

#[tokio::test]
async fn a_relay_copies_both_ways_and_keeps_half_closes() {
    let ((client, a), (b, server)) = (tcp().await, unix().await);
    let talk = async {
        send(&client, b"ping").await;
        assert_eq!(recv(&server, 10).await, bytes("ping"));
        client.shutdown(Shutdown::Write).await.unwrap();
        assert_eq!(recv(&server, 10).await, Received::End(End::Fin));
        send(&server, b"pong").await;
        assert_eq!(recv(&client, 10).await, bytes("pong"));
        server.shutdown(Shutdown::Write).await.unwrap();
        assert_eq!(recv(&client, 10).await, Received::End(End::Fin));
    };
    let (ends, ()) =
        soon(async { tokio::join!(relay((&a, |_: &[u8]| ()), (&b, |_: &[u8]| ())), talk) }).await;
    assert_eq!(ends.unwrap(), (End::Fin, End::Fin));
    assert_eq!([a.received(), a.sent(), b.received(), b.sent()], [4; 4]);
}

#[tokio::test]
async fn a_relay_turns_a_reset_into_a_reset_on_the_other_side() {
    let ((client, a), (b, server)) = (tcp().await, tcp().await);
    let talk = async {
        send(&client, b"last").await;
        until_unread(&server, 4).await;
        client.reset().unwrap();
        assert_eq!(recv(&server, 10).await, bytes("last"));
        assert_eq!(recv(&server, 10).await, Received::End(End::Reset));
    };
    let (ends, ()) =
        soon(async { tokio::join!(relay((&a, |_: &[u8]| ()), (&b, |_: &[u8]| ())), talk) }).await;
    assert_eq!(ends.unwrap().0, End::Reset);
}

#[tokio::test]
async fn a_relay_stops_reading_where_the_other_side_does_not_read() {
    let ((client, a), (b, server)) = (tcp().await, tcp().await);
    let flood = vec![1; 256 << 20];
    let flood = async {
        tokio::join!(
            relay((&a, |_: &[u8]| ()), (&b, |_: &[u8]| ())),
            client.send(&flood, SendFlags::default())
        )
    };
    let used = cpu_while_waiting(flood).await;
    let carried = b.sent();
    assert!(carried < 64 << 20, "{carried} bytes, and {used:?}: nothing holds them");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_halves_and_a_watcher_work_at_once_from_many_threads() {
    for _ in 0..50 {
        let (client, server) = tcp().await;
        let (client, server) = (std::sync::Arc::new(client), std::sync::Arc::new(server));
        let mut tasks = tokio::task::JoinSet::new();
        let (stream, watched) = (server.clone(), server.clone());
        tasks.spawn(async move { stream.echo().await.unwrap() });
        tasks.spawn(async move { watched.ended().await });
        let (reader, writer) = (client.clone(), client.clone());
        tasks.spawn(async move {
            let mut incoming = reader.incoming().await;
            for count in (0..300_000).step_by(1000) {
                incoming.wait(count).await.unwrap();
            }
            incoming.wait(299_999).await.unwrap();
            drop(incoming);
            reader.shutdown(Shutdown::Write).await.unwrap();
            End::Fin
        });
        tasks.spawn(async move {
            for _ in 0..300 {
                send(&writer, &[7; 1000]).await;
            }
            End::Fin
        });
        while let Some(end) = soon(tasks.join_next()).await {
            assert_eq!(end.unwrap(), End::Fin);
        }
    }
}
