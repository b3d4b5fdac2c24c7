//! Opening connections: which addresses are tried and what a failure says.

use crate::net::fixture::{HOST, address, at, listen, not_now, own_loopback, own_name, soon};
use crate::net::{ConnectOptions, End, ListenOptions, Received};
use crate::text::{ErrorKind, OptionValue, SocketOption};

async fn connect_error(to: &str) -> crate::net::NetError {
    soon(HOST.connect(&address(to), &ConnectOptions::default())).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_connection_is_reported_with_the_address() {
    let hold = HOST.hold_port().unwrap();
    let to = format!("127.0.0.1:{}", hold.port());
    let e = connect_error(&to).await;
    assert_eq!((e.kind, e.message), (ErrorKind::Refused, format!("{to}: connection refused")));
}

#[tokio::test]
async fn when_every_address_of_a_name_fails_each_is_named() {
    let hold = HOST.hold_port().unwrap();
    let to = format!("localhost:{}", hold.port());
    let e = connect_error(&to).await;
    assert_eq!(e.kind, ErrorKind::Refused);
    let each: Vec<String> = HOST
        .resolve(&address(&to))
        .await
        .unwrap()
        .iter()
        .map(|at| format!("{at} connection refused"))
        .collect();
    assert_eq!(e.message, format!("{to}: {}", each.join("; ")));
}

#[tokio::test]
async fn a_name_connects_to_whichever_of_its_addresses_accepts() {
    let listener = listen("127.0.0.1:0").await;
    let to = address(&format!("localhost:{}", listener.local().port().unwrap()));
    let client = soon(HOST.connect(&to, &ConnectOptions::default())).await.unwrap();
    assert_eq!(client.peer(), listener.local());
    let to = address(&format!("any:{}", listener.local().port().unwrap()));
    let client = soon(HOST.connect(&to, &ConnectOptions::default())).await.unwrap();
    assert_eq!(client.peer(), listener.local(), "any is this machine");
}

#[tokio::test]
async fn a_client_can_bind_an_address_and_set_options_before_it_connects() {
    let listener = listen("127.0.0.1:0").await;
    let own = own_loopback();
    let options = ConnectOptions {
        bind: Some(address(&format!("{own}:0"))),
        options: vec![(SocketOption::Nodelay, OptionValue::Bool(true))],
    };
    let client = soon(HOST.connect_endpoint(listener.local(), &options)).await.unwrap();
    assert_eq!(client.local().ip().unwrap().to_string(), own);
    assert_eq!(client.option(SocketOption::Nodelay).unwrap(), OptionValue::Bool(true));
    assert_eq!(soon(listener.accept()).await.unwrap().peer(), client.local());
    let other = ConnectOptions { bind: Some(address("[::1]:0")), ..ConnectOptions::default() };
    let e = HOST.connect_endpoint(listener.local(), &other).await.unwrap_err();
    assert_eq!(e.kind, ErrorKind::NotAvailable);
    assert!(e.message.contains("another family"), "{e}");
    let foreign = ConnectOptions { bind: Some(address("192.0.2.1:0")), ..ConnectOptions::default() };
    let e = HOST.connect_endpoint(listener.local(), &foreign).await.unwrap_err();
    let message = format!("{}: from 192.0.2.1:0: not an address of this machine", listener.local());
    assert_eq!((e.kind, e.message), (ErrorKind::NotAvailable, message));
}

#[tokio::test]
async fn a_unix_name_that_nobody_listens_at_is_refused() {
    let to = own_name();
    let e = connect_error(&to).await;
    assert_eq!((e.kind, e.message), (ErrorKind::Refused, format!("{to}: connection refused")));
}

#[tokio::test]
async fn a_connection_that_was_reset_before_connect_returned_is_connected_and_reset() {
    let listener = listen("127.0.0.1:0").await;
    let connect = async {
        let mut streams = Vec::new();
        for _ in 0..200 {
            streams.push(HOST.connect_endpoint(listener.local(), &ConnectOptions::default()).await.unwrap());
        }
        streams
    };
    let reset = async {
        for _ in 0..200 {
            listener.accept().await.unwrap().abort().unwrap();
        }
    };
    let (streams, ()) = soon(async { tokio::join!(connect, reset) }).await;
    for stream in streams {
        assert_eq!(soon(stream.incoming().await.recv_once(1)).await.unwrap(), Received::End(End::Reset));
    }
}

#[tokio::test]
async fn a_connect_that_is_dropped_closes_its_socket() {
    let options = ListenOptions { backlog: 0, ..ListenOptions::default() };
    let listener = HOST.listen(&address("127.0.0.1:0"), &options).await.unwrap();
    let _first = crate::net::fixture::connect(listener.local()).await;
    let own = format!("{}:0", own_loopback());
    let from = listen(&own).await.local().clone();
    let options = ConnectOptions { bind: Some(at(&from)), ..ConnectOptions::default() };
    not_now(HOST.connect_endpoint(listener.local(), &options)).await;
    let _ = HOST.listen(&at(&from), &ListenOptions::default()).await.expect("the address is free again");
}
