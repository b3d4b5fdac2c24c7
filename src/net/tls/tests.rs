//! TLS over a stream, driven from both sides.

use std::net::Shutdown;

use crate::net::end::Closing;
use crate::net::fixture::{
    bytes, cpu_while_waiting, give_up_an_echo, not_now, recv, send, soon, take, tcp, unix, until,
};
use crate::net::{
    End, NetError, Received, SendFlags, Stream, TlsInfo, TlsSettings, TlsSide, self_signed_pem,
};
use crate::text::{ErrorKind, Fact, FactValue};

fn trusting_client() -> TlsSettings {
    let (cert, _) = self_signed_pem(None).unwrap();
    TlsSettings { ca: Some(cert.into_bytes()), ..TlsSettings::new(TlsSide::Client) }
}

async fn handshake(
    client: (&Stream, &TlsSettings),
    server: (&Stream, &TlsSettings),
) -> (Result<TlsInfo, NetError>, Result<TlsInfo, NetError>) {
    soon(async { tokio::join!(client.0.start_tls(client.1), server.0.start_tls(server.1)) }).await
}

async fn secured((client, server): (Stream, Stream)) -> (Stream, Stream) {
    let (c, s) =
        handshake((&client, &trusting_client()), (&server, &TlsSettings::new(TlsSide::Server))).await;
    c.unwrap();
    s.unwrap();
    (client, server)
}

#[tokio::test]
async fn a_client_that_trusts_the_servers_own_certificate_verifies_it() {
    let (client, server) = tcp().await;
    let mut asks = trusting_client();
    asks.alpn = vec!["h2".into(), "http/1.1".into()];
    let offers = TlsSettings { alpn: vec!["http/1.1".into()], ..TlsSettings::new(TlsSide::Server) };
    let (c, s) = handshake((&client, &asks), (&server, &offers)).await;
    let info = c.unwrap();
    assert_eq!((info.version.as_str(), info.alpn.as_deref()), ("TLS 1.3", Some("http/1.1")));
    assert!(info.cipher.starts_with("TLS13_"), "{}", info.cipher);
    assert_eq!(s.unwrap(), info);
    send(&client, b"hello").await;
    assert_eq!(take(&server, 5).await, b"hello");
    send(&server, b"back").await;
    assert_eq!(recv(&client, 2).await, bytes("ba"));
    assert_eq!(client.fact(Fact::Unread).unwrap(), Some(FactValue::Number(2)));
    assert_eq!(recv(&client, 9).await, bytes("ck"));
    assert_eq!((client.sent(), client.received()), (5, 4), "plaintext is counted");
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_fails_on_both_sides_with_the_reason() {
    let (client, server) = tcp().await;
    let (other, _) = self_signed_pem(Some("other.test")).unwrap();
    let asks = TlsSettings { ca: Some(other.into_bytes()), ..TlsSettings::new(TlsSide::Client) };
    let (c, s) = handshake((&client, &asks), (&server, &TlsSettings::new(TlsSide::Server))).await;
    let (c, s) = (c.unwrap_err(), s.unwrap_err());
    assert_eq!((c.kind, s.kind), (ErrorKind::Tls, ErrorKind::Tls));
    assert!(
        c.message.starts_with(&format!("{}: TLS failed: invalid peer certificate", client.peer())),
        "{c}"
    );
    assert!(s.message.contains("alert"), "the client's alert was sent: {s}");
    assert_eq!(recv(&client, 1).await, Received::End(End::Failed(c)));
}

#[tokio::test]
async fn insecure_accepts_any_certificate_and_a_wrong_name_is_noticed_otherwise() {
    let (client, server) = tcp().await;
    let asks = TlsSettings { insecure: true, ..TlsSettings::new(TlsSide::Client) };
    let (c, _) = handshake((&client, &asks), (&server, &TlsSettings::new(TlsSide::Server))).await;
    c.unwrap();
    let (client, server) = tcp().await;
    let asks = TlsSettings { name: Some("elsewhere.test".into()), ..trusting_client() };
    let (c, _) = handshake((&client, &asks), (&server, &TlsSettings::new(TlsSide::Server))).await;
    assert!(c.unwrap_err().message.contains("not valid for name"));
}

#[tokio::test]
async fn a_certificate_for_a_name_of_ones_own_and_given_as_pem_is_used() {
    let (cert, key) = self_signed_pem(Some("drill.test")).unwrap();
    let (client, server) = unix().await;
    let asks = TlsSettings {
        name: Some("drill.test".into()),
        ca: Some(cert.clone().into_bytes()),
        ..TlsSettings::new(TlsSide::Client)
    };
    let both =
        TlsSettings { cert: Some(format!("{cert}{key}").into_bytes()), ..TlsSettings::new(TlsSide::Server) };
    let (c, s) = handshake((&client, &asks), (&server, &both)).await;
    c.unwrap();
    s.unwrap();
    send(&client, b"over unix").await;
    assert_eq!(take(&server, 9).await, b"over unix");
    let (client, _server) = tcp().await;
    let broken = TlsSettings { cert: Some(b"no pem".to_vec()), ..TlsSettings::new(TlsSide::Server) };
    assert_eq!(
        client.start_tls(&broken).await.unwrap_err().message,
        "TLS: the PEM text holds no certificate"
    );
}

#[tokio::test]
async fn starttls_keeps_what_the_peer_sent_ahead() {
    let (client, server) = tcp().await;
    send(&server, b"220 go\r\n").await;
    let plain = TlsSettings::new(TlsSide::Server);
    let serve = server.start_tls(&plain);
    let ask = async {
        assert_eq!(take(&client, 8).await, b"220 go\r\n");
        client.start_tls(&trusting_client()).await
    };
    let (s, c) = soon(async { tokio::join!(serve, ask) }).await;
    s.unwrap();
    c.unwrap();

    let (client, server) = tcp().await;
    let ahead = trusting_client();
    let ask = client.start_tls(&ahead);
    let serve = async {
        // A part of the ClientHello is held, the rest only peeked.
        let mut incoming = server.incoming().await;
        incoming.wait(20).await.unwrap();
        incoming.pull(10).await;
        drop(incoming);
        server.start_tls(&TlsSettings::new(TlsSide::Server)).await
    };
    let (c, s) = soon(async { tokio::join!(ask, serve) }).await;
    c.unwrap();
    s.unwrap();
}

#[tokio::test]
async fn close_notify_is_a_clean_end_and_a_bare_fin_is_a_truncation() {
    let (client, server) = secured(tcp().await).await;
    send(&client, b"bye").await;
    client.shutdown(Shutdown::Write).await.unwrap();
    assert_eq!(recv(&server, 9).await, bytes("bye"));
    assert_eq!(recv(&server, 9).await, Received::End(End::Fin));
    assert!(server.tls_notified() && !server.tls_truncated());
    send(&server, b"you too").await;
    assert_eq!(take(&client, 7).await, b"you too", "the other direction stays open");
    server.close().await.unwrap();
    assert_eq!(recv(&client, 9).await, Received::End(End::Fin));
    assert!(client.tls_notified() && !client.tls_truncated());

    let (client, server) = secured(tcp().await).await;
    client.polled.socket().shutdown(Shutdown::Write).unwrap();
    assert_eq!(recv(&server, 9).await, Received::End(End::Fin));
    assert!(server.tls_truncated() && !server.tls_notified());
}

#[tokio::test]
async fn close_notify_is_the_end_without_any_fin_and_before_a_reset() {
    let (client, server) = secured(tcp().await).await;
    send(&client, b"bye").await;
    client.say_close_notify().await.unwrap();
    assert_eq!(recv(&server, 9).await, bytes("bye"));
    assert_eq!(recv(&server, 9).await, Received::End(End::Fin));
    assert!(server.tls_notified());
    assert_eq!(server.closing(), Closing::NotYet, "no FIN has come");
    client.abort().unwrap();
    soon(server.gone()).await;
    assert_eq!(recv(&server, 9).await, Received::End(End::Fin), "what ended it first");
    assert!(server.tls_notified() && !server.tls_truncated());
}

#[tokio::test]
async fn a_fin_within_a_record_is_no_end() {
    // Of the header and of what follows it, a part has come; behind a whole record, which is data.
    for part in [&[0x17, 3][..], &[0x17, 3, 3, 0x40, 0, b'x']] {
        let (client, server) = secured(tcp().await).await;
        send(&client, b"whole").await;
        client.polled.socket().send(part).unwrap();
        client.polled.socket().shutdown(Shutdown::Write).unwrap();
        assert_eq!(take(&server, 5).await, b"whole");
        let end = recv(&server, 9).await;
        let Received::End(End::Failed(error)) = end else { panic!("{end:?}") };
        assert_eq!(error.kind, ErrorKind::Closed);
        assert!(error.message.contains("in the middle of a TLS record"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_close_does_not_wait_for_a_peer_that_does_not_read() {
    let (client, server) = secured(tcp().await).await;
    let fill = vec![0; 64 << 20];
    not_now(client.send(&fill, SendFlags::default())).await;
    soon(client.close()).await.unwrap();
    drop(server);
}

#[tokio::test]
async fn a_reset_and_a_bad_record_are_told_apart_from_an_end() {
    let (client, server) = secured(tcp().await).await;
    client.abort().unwrap();
    assert_eq!(recv(&server, 9).await, Received::End(End::Reset));
    let (client, server) = secured(tcp().await).await;
    client.send_raw(b"this is no TLS record", SendFlags::default()).unwrap();
    let Received::End(End::Failed(e)) = recv(&server, 9).await else { panic!("no failure") };
    assert_eq!(e.kind, ErrorKind::Tls);
    let Received::End(End::Failed(e)) = recv(&client, 9).await else { panic!("no failure") };
    assert!(e.message.contains("alert"), "the server's alert was sent: {e}");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_fails_the_handshake() {
    let (client, server) = tcp().await;
    send(&client, b"GET / HTTP/1.1\r\n\r\n").await;
    let e = soon(server.start_tls(&TlsSettings::new(TlsSide::Server))).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::Tls);
    let (client, server) = tcp().await;
    client.close().await.unwrap();
    let e = soon(server.start_tls(&TlsSettings::new(TlsSide::Server))).await.unwrap_err();
    assert!(e.message.ends_with("the peer closed during the handshake"), "{e}");
}

#[tokio::test]
async fn megabytes_go_both_ways_at_once() {
    let (client, server) = secured(tcp().await).await;
    let sent: Vec<u8> = (0..8_000_000u32).map(|n| (n % 251) as u8).collect();
    let write = async {
        send(&client, &sent).await;
        client.shutdown(Shutdown::Write).await.unwrap();
    };
    let serve = async {
        let end = server.echo().await.unwrap();
        let counts = (end, server.received(), server.sent());
        server.close().await.unwrap();
        counts
    };
    let read = async {
        let mut seen = Vec::new();
        let mut incoming = client.incoming().await;
        while incoming.end().is_none() || !incoming.window().is_empty() {
            incoming.wait(0).await.unwrap();
            let count = incoming.window().len();
            seen.extend(incoming.take(count).await.unwrap());
        }
        seen
    };
    let (counts, (), seen) = soon(async { tokio::join!(serve, write, read) }).await;
    assert_eq!(counts, (End::Fin, 8_000_000, 8_000_000));
    assert!(seen == sent);
}

#[tokio::test]
async fn an_echo_that_is_given_up_leaves_the_plaintext_it_could_not_send() {
    let (client, server) = secured(tcp().await).await;
    give_up_an_echo(&client, &server, 8_000_000).await;
}

#[tokio::test]
async fn a_wait_that_is_dropped_loses_no_plaintext_and_uses_no_cpu() {
    let (client, server) = secured(tcp().await).await;
    let mut incoming = server.incoming().await;
    not_now(incoming.wait(0)).await;
    send(&client, b"abc").await;
    soon(incoming.wait(2)).await.unwrap();
    let used = cpu_while_waiting(incoming.wait(3)).await;
    assert!(used.as_millis() < 60, "{used:?}");
    assert_eq!(incoming.window(), b"abc");
    client.shutdown(Shutdown::Write).await.unwrap();
    soon(incoming.wait(3)).await.unwrap();
    assert_eq!((incoming.window(), incoming.end()), (&b"abc"[..], Some(&End::Fin)));
}

#[tokio::test]
async fn watching_the_end_decrypts_what_lies_before_a_reset() {
    let (client, server) = secured(tcp().await).await;
    send(&client, b"last words").await;
    until(|| server.fact(Fact::Unread).unwrap() != Some(FactValue::Number(0))).await;
    client.abort().unwrap();
    assert_eq!(soon(server.ended()).await, End::Reset);
    assert_eq!(recv(&server, 99).await, bytes("last words"));
    assert_eq!(recv(&server, 99).await, Received::End(End::Reset));
}

#[tokio::test]
async fn a_part_of_a_record_is_progress_though_it_says_nothing_yet() {
    let (client, server) = secured(tcp().await).await;
    let mut incoming = server.incoming().await;
    for (count, part) in [(3_u64, &b"\x17\x03\x03"[..]), (2, b"\x00\x40"), (1, b"?")] {
        let [before, ..] = server.progress();
        client.polled.socket().send(part).unwrap();
        until(|| server.progress()[0] == before + count).await;
        not_now(incoming.wait(0)).await;
        let [arrived, received, ..] = server.progress();
        assert_eq!((arrived, received, incoming.window().len()), (before + count, 0, 0));
    }
}

#[tokio::test]
async fn what_came_before_a_bad_record_is_received_first() {
    let (client, server) = secured(tcp().await).await;
    send(&client, b"last words").await;
    let bad = [&b"\x17\x03\x03\x00\x20"[..], &[b'z'; 32]].concat();
    client.polled.socket().send(&bad).unwrap();
    until(|| server.glimpse().came > bad.len() as u64).await;
    assert_eq!(recv(&server, 99).await, bytes("last words"));
    let Received::End(End::Failed(error)) = recv(&server, 99).await else { panic!("no failure") };
    assert_eq!(error.kind, ErrorKind::Tls);
}
