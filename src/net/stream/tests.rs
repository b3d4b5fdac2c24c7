//! How streams end: FIN, reset, half-closes and what each side sees of them.

use std::net::Shutdown;
use std::time::Duration;

use crate::net::fixture::{
    bytes, connect, families, listen, not_now, own_name, pair_at, recv, send, soon, take, tcp, unix,
    until_state, until_unread, word,
};
use crate::net::{End, Incoming, Received, SendFlags, Stream};
use crate::text::{ErrorKind, Fact, FactValue, OptionValue, SocketOption};

const FIN: Received = Received::End(End::Fin);
const RESET: Received = Received::End(End::Reset);

#[test]
fn every_future_of_this_floor_can_move_between_threads() {
    fn send<T: Send>(_: impl Fn(&'static Stream, &'static mut Incoming<'static>) -> T) {}
    send(|stream, _| stream.send(b"", SendFlags::default()));
    send(|stream, _| async {
        let file = std::fs::File::open("/dev/null").unwrap();
        stream.send_file(&file, 0).await
    });
    send(|_, incoming| incoming.wait(0));
    send(|_, incoming| incoming.recv_once(1));
    send(|_, incoming| incoming.fill(1));
    send(|stream, _| stream.incoming());
    send(|stream, _| stream.ended());
    send(|stream, _| stream.echo());
    send(|stream, _| stream.discard());
    send(|stream, _| stream.recv_urgent());
    send(|stream, _| crate::net::relay((stream, |_: &[u8]| ()), (stream, |_: &[u8]| ())));
}

#[tokio::test]
async fn a_close_with_nothing_unread_is_a_fin_again_and_again() {
    for name in families().into_iter().chain([own_name()]) {
        let (client, server) = pair_at(&name).await;
        client.close().await.unwrap();
        for _ in 0..3 {
            assert_eq!(recv(&server, 10).await, FIN);
        }
        let mut incoming = server.incoming().await;
        soon(incoming.wait(0)).await.unwrap();
        assert_eq!((incoming.window(), incoming.end()), (&b""[..], Some(&End::Fin)));
    }
}

#[tokio::test]
async fn data_before_a_reset_is_delivered_first_then_reset_for_ever() {
    let (client, server) = tcp().await;
    send(&client, b"last words").await;
    client.abort().unwrap();
    assert_eq!(recv(&server, 4).await, bytes("last"));
    let mut incoming = server.incoming().await;
    soon(incoming.wait(6)).await.unwrap();
    assert_eq!((incoming.window(), incoming.end()), (&b" words"[..], Some(&End::Reset)));
    assert_eq!(incoming.recv_once(99).await.unwrap(), bytes(" words"));
    for _ in 0..3 {
        assert_eq!(incoming.recv_once(99).await.unwrap(), RESET);
    }
    assert_eq!(server.fact(Fact::Unread).unwrap(), Some(FactValue::Number(0)));
}

#[tokio::test]
async fn a_close_with_unread_data_resets_also_over_unix() {
    for (client, server) in [tcp().await, unix().await] {
        send(&client, b"never read").await;
        until_unread(&server, 10).await;
        server.close().await.unwrap();
        assert_eq!(recv(&client, 10).await, RESET);
        assert_eq!(recv(&client, 10).await, RESET);
    }
}

#[tokio::test]
async fn what_is_only_peeked_still_resets_and_what_is_taken_does_not() {
    for (taken, end) in [(2, RESET), (5, FIN)] {
        let (client, server) = tcp().await;
        send(&client, b"hello").await;
        let mut incoming = server.incoming().await;
        soon(incoming.wait(4)).await.unwrap();
        assert_eq!(incoming.window(), b"hello");
        assert_eq!(incoming.take(taken).await.unwrap(), b"hello"[..taken]);
        drop(incoming);
        assert_eq!(server.fact(Fact::Unread).unwrap(), Some(FactValue::Number(5 - taken as u64)));
        server.close().await.unwrap();
        assert_eq!(recv(&client, 10).await, end);
    }
}

#[tokio::test]
async fn a_fin_behind_unread_bytes_is_seen_and_leaves_them_in_the_kernel() {
    for (client, server) in [tcp().await, unix().await] {
        send(&client, b"tail").await;
        client.shutdown(Shutdown::Write).await.unwrap();
        let mut incoming = server.incoming().await;
        soon(incoming.wait(4)).await.unwrap();
        assert_eq!((incoming.window(), incoming.end()), (&b"tail"[..], Some(&End::Fin)));
        drop(incoming);
        if server.local().port().is_some() {
            server.close().await.unwrap();
            assert_eq!(recv(&client, 10).await, RESET, "the bytes were never received");
        }
    }
}

#[tokio::test]
async fn a_reset_that_send_meets_first_is_still_a_reset_for_the_receiving_half() {
    let (client, server) = tcp().await;
    server.abort().unwrap();
    until_state(&client, "close").await;
    let met = client.send(b"x", SendFlags::default()).await.unwrap_err();
    assert_eq!(met.kind, ErrorKind::Reset);
    assert_eq!(met.message, format!("{}: reset by the peer", client.peer()));
    for _ in 0..3 {
        assert_eq!(recv(&client, 10).await, RESET);
    }
    assert_eq!(client.send(b"x", SendFlags::default()).await.unwrap_err().kind, ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_reset_that_the_error_fact_consumes_is_kept_for_the_receiving_half() {
    for held in [&b""[..], b"data"] {
        let (client, server) = tcp().await;
        send(&server, held).await;
        server.abort().unwrap();
        until_state(&client, "close").await;
        assert_eq!(client.fact(Fact::Error).unwrap(), Some(word("reset")));
        assert_eq!(client.fact(Fact::Error).unwrap(), Some(word("none")), "looking clears it");
        if !held.is_empty() {
            assert_eq!(recv(&client, 10).await, bytes("data"));
        }
        assert_eq!(recv(&client, 10).await, RESET);
    }
}

#[tokio::test]
async fn a_reset_after_fin_stays_invisible_to_recv() {
    let (client, server) = tcp().await;
    server.shutdown(Shutdown::Write).await.unwrap();
    until_state(&client, "close-wait").await;
    server.abort().unwrap();
    until_state(&client, "close").await;
    assert_eq!(recv(&client, 10).await, FIN);
    assert_eq!(client.fact(Fact::Error).unwrap(), Some(word("broken-pipe")));
    assert_eq!(recv(&client, 10).await, FIN);
}

#[tokio::test]
async fn after_the_peers_close_the_first_send_works_and_the_next_is_a_broken_pipe() {
    let (client, server) = tcp().await;
    server.close().await.unwrap();
    until_state(&client, "close-wait").await;
    send(&client, b"first").await;
    until_state(&client, "close").await;
    let next = client.send(b"next", SendFlags::default()).await.unwrap_err();
    assert_eq!(next.kind, ErrorKind::BrokenPipe);
    assert_eq!(client.sent(), 5);
    assert_eq!(recv(&client, 10).await, FIN);
}

#[tokio::test]
async fn half_close_leaves_the_other_direction_open_and_shows_in_the_states() {
    let (client, server) = tcp().await;
    client.shutdown(Shutdown::Write).await.unwrap();
    until_state(&server, "close-wait").await;
    until_state(&client, "fin-wait-2").await;
    assert_eq!(recv(&server, 10).await, FIN);
    send(&server, b"still here").await;
    assert_eq!(take(&client, 10).await, b"still here");
    let refused = client.send(b"x", SendFlags::default()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::BrokenPipe);
    assert!(refused.message.contains("this side was shut down"), "{refused}");
    server.shutdown(Shutdown::Write).await.unwrap();
    until_state(&server, "close").await;
    until_state(&client, "close").await;
    assert_eq!(recv(&client, 10).await, FIN);
}

#[tokio::test]
async fn after_our_own_shutdown_read_recv_is_empty_late_data_is_readable_and_only_the_fin_is_fin() {
    let (client, server) = tcp().await;
    server.shutdown(Shutdown::Read).await.unwrap();
    assert_eq!(recv(&server, 10).await, bytes(""));
    send(&client, b"late").await;
    assert_eq!(take(&server, 4).await, b"late", "the peer noticed nothing");
    assert_eq!(recv(&server, 10).await, bytes(""));
    client.close().await.unwrap();
    let mut incoming = server.incoming().await;
    soon(incoming.wait(0)).await.unwrap();
    assert_eq!(incoming.end(), Some(&End::Fin));
    assert_eq!(incoming.recv_once(10).await.unwrap(), FIN);
}

#[tokio::test]
async fn a_unix_stream_that_shut_down_reading_still_learns_of_the_peers_close() {
    let (client, server) = unix().await;
    server.shutdown(Shutdown::Read).await.unwrap();
    assert_eq!(recv(&server, 10).await, bytes(""));
    not_now(server.ended()).await;
    client.close().await.unwrap();
    assert_eq!(soon(server.ended()).await, End::Fin);
}

#[tokio::test]
async fn the_end_is_visible_without_reading() {
    for (client, server) in [tcp().await, unix().await] {
        send(&client, b"unread").await;
        until_unread(&server, 6).await;
        not_now(server.ended()).await;
        client.shutdown(Shutdown::Write).await.unwrap();
        assert_eq!(soon(server.ended()).await, End::Fin);
        assert_eq!(server.fact(Fact::Unread).unwrap(), Some(FactValue::Number(6)));
        assert_eq!(recv(&server, 10).await, bytes("unread"));
        assert_eq!(recv(&server, 10).await, FIN);
    }
}

#[tokio::test]
async fn a_reset_is_visible_without_reading_though_data_lies_before_it() {
    let (client, server) = tcp().await;
    send(&client, b"unread").await;
    let watched = async {
        let end = server.ended().await;
        (end, server.fact(Fact::Unread).unwrap())
    };
    let aborted = async {
        until_unread(&server, 6).await;
        client.abort().unwrap();
    };
    let ((end, unread), ()) = soon(async { tokio::join!(watched, aborted) }).await;
    assert_eq!((end, unread), (End::Reset, Some(FactValue::Number(6))));
    assert_eq!(recv(&server, 10).await, bytes("unread"));
    assert_eq!(recv(&server, 10).await, RESET);
}

#[tokio::test]
async fn watching_the_end_takes_no_wake_up_from_the_reader() {
    let (client, server) = tcp().await;
    let read = async {
        let mut incoming = server.incoming().await;
        for round in 0..100 {
            incoming.wait(round).await.unwrap();
        }
        incoming.window().len()
    };
    let write = async {
        for _ in 0..100 {
            send(&client, b"x").await;
            tokio::task::yield_now().await;
        }
    };
    let watch = async { tokio::time::timeout(Duration::from_secs(30), server.ended()).await };
    tokio::select! {
        (seen, ()) = async { tokio::join!(read, write) } => assert_eq!(seen, 100),
        _ = watch => panic!("the stream has not ended"),
    }
}

#[tokio::test]
async fn a_reset_before_accept_is_accepted_with_its_peer_data_first() {
    let listener = listen("127.0.0.1:0").await;
    let client = connect(listener.local()).await;
    let local = client.local().clone();
    send(&client, b"gone").await;
    client.abort().unwrap();
    let server = soon(listener.accept()).await.unwrap();
    assert_eq!(server.peer(), &local);
    assert_eq!(recv(&server, 10).await, bytes("gone"));
    assert_eq!(recv(&server, 10).await, RESET);
}

#[tokio::test]
async fn a_fin_before_accept_is_data_and_then_fin() {
    let listener = listen("127.0.0.1:0").await;
    let client = connect(listener.local()).await;
    send(&client, b"gone").await;
    client.close().await.unwrap();
    let server = soon(listener.accept()).await.unwrap();
    assert_eq!(recv(&server, 10).await, bytes("gone"));
    assert_eq!(recv(&server, 10).await, FIN);
}

#[tokio::test]
async fn zero_linger_gives_a_plain_end_over_unix_and_abort_is_for_tcp() {
    let (client, server) = unix().await;
    client.set(SocketOption::Linger, &OptionValue::Duration(Some(Duration::ZERO))).unwrap();
    let refused = client.abort().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Other);
    assert!(refused.message.contains("abort is for TCP"), "{refused}");
    assert_eq!(recv(&server, 10).await, FIN);
}

#[tokio::test]
async fn reset_is_seen_by_the_peer_at_once_while_the_object_lives() {
    let (client, server) = tcp().await;
    send(&client, b"x").await;
    client.reset().unwrap();
    assert_eq!(recv(&server, 10).await, bytes("x"));
    assert_eq!(recv(&server, 10).await, RESET);
    assert_eq!(recv(&client, 10).await, RESET);
    assert_eq!(client.send(b"x", SendFlags::default()).await.unwrap_err().kind, ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn a_lost_connection_says_how_the_peer_ended_it_and_takes_nothing_from_the_receiving_half() {
    let (client, server) = tcp().await;
    assert_eq!(client.lost(), None);
    server.abort().unwrap();
    until_state(&client, "close").await;
    let lost = client.lost().unwrap();
    assert_eq!(
        (lost.kind, lost.message),
        (ErrorKind::Reset, format!("{}: reset by the peer", client.peer()))
    );
    assert_eq!(recv(&client, 10).await, RESET);

    let (client, server) = tcp().await;
    server.abort().unwrap();
    until_state(&client, "close").await;
    for kind in [ErrorKind::Reset, ErrorKind::NotConnected] {
        assert_eq!(client.shutdown(Shutdown::Write).await.unwrap_err().kind, kind, "it is told once");
    }

    let (client, server) = tcp().await;
    drop(server);
    until_state(&client, "close-wait").await;
    assert_eq!(client.lost(), None, "it can still be sent to");
    send(&client, b"x").await;
    until_state(&client, "close").await;
    let lost = client.lost().unwrap();
    let what = "the peer had closed, and answered what was sent with a reset";
    assert_eq!((lost.kind, lost.message), (ErrorKind::BrokenPipe, format!("{}: {what}", client.peer())));
    assert_eq!(recv(&client, 10).await, FIN);

    // What we did ourselves is no end of the peer's.
    let (client, server) = tcp().await;
    client.reset().unwrap();
    assert_eq!(client.lost(), None);
    drop(server);
}

#[tokio::test]
async fn a_lingering_close_waits_without_blocking_the_runtime() {
    let (client, server) = tcp().await;
    let start = std::time::Instant::now();
    client.set(SocketOption::Linger, &OptionValue::Duration(Some(Duration::from_secs(1)))).unwrap();
    let fill = async { client.send(&vec![0; 64 << 20], SendFlags::default()).await };
    assert!(tokio::time::timeout(Duration::from_millis(50), fill).await.is_err(), "the peer reads nothing");
    let mut ticks = 0;
    let close = client.close();
    tokio::pin!(close);
    loop {
        tokio::select! {
            done = &mut close => break done.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(10)) => ticks += 1,
        }
    }
    assert!(start.elapsed() >= Duration::from_secs(1), "close returned before the linger time was over");
    assert!(ticks >= 2, "the runtime stood still");
    drop(server);
}

#[tokio::test]
async fn a_file_goes_whole_and_what_it_does_not_give_is_left() {
    use std::io::{Seek as _, Write as _};
    let mut file = tempfile::tempfile().unwrap();
    let whole: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    file.write_all(&whole).unwrap();
    // Where it stands in the file decides nothing.
    file.rewind().unwrap();
    for name in families().into_iter().chain([own_name()]) {
        let (client, server) = pair_at(&name).await;
        let longer = whole.len() as u64 + 7;
        let reading = async {
            let mut came = Vec::new();
            while came.len() < whole.len() {
                let Received::Bytes(bytes) = recv(&server, whole.len()).await else { panic!("an end") };
                came.extend(bytes);
            }
            assert!(came == whole, "{name}");
        };
        let (went, ()) = tokio::join!(soon(client.send_file(&file, longer)), reading);
        assert_eq!((went.unwrap(), client.sent()), (longer - 7, longer - 7));
    }
    let (client, _server) = tcp().await;
    let directory = std::fs::File::open("/").unwrap();
    assert_eq!(client.send_file(&directory, 10).await.unwrap(), 0);
    client.shutdown(Shutdown::Write).await.unwrap();
    assert_eq!(client.send_file(&file, 10).await.unwrap(), 0);
    let (client, server) = tcp().await;
    server.abort().unwrap();
    until_state(&client, "close").await;
    let refused = client.send_file(&file, 10).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Reset | ErrorKind::BrokenPipe), "{refused}");
}
