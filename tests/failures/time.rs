//! Nothing came in time.

use super::*;

#[test]
fn nothing_came_in_time() {
    stored!(connected("- expect: { at: conn, text: \"hello\", within: 30ms }"));
}

#[test]
fn some_bytes_came_in_time() {
    stored!(connected(
        "
- send: { from: client, text: \"hel\" }
- expect: { at: conn, text: \"hello\", within: 30ms }"
    ));
}

#[test]
fn bytes_came_and_not_what_is_searched_for() {
    stored!(connected(
        "
- send: { from: client, text: \"starting up\\n\" }
- expect: { at: conn, contains: \"ready\", within: 30ms }"
    ));
}

#[test]
fn the_end_did_not_come_in_time() {
    stored!(connected("- expect: { at: conn, eof: true, within: 30ms }"));
}

#[test]
fn a_recv_had_nothing_to_take() {
    stored!(connected("- recv: { at: conn, within: 30ms }"));
}

#[test]
fn a_peer_that_does_not_read_stops_the_sender() {
    let drawn = connected("- send: { from: client, zeros: 64MiB, within: 100ms }");
    // How much the kernel takes is its own business.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{6,8} (of|B not|B$)", "[count] $1");
    settings.add_filter(r"> \d{7}  ", "> [count]  ");
    settings.add_filter(r"sent \d{7} B", "sent [count] B");
    settings.bind(|| stored!(drawn));
}

#[test]
fn a_peer_that_answers_what_nobody_receives_stops_reading() {
    let drawn = connected(
        "
- parallel:
    back: [{ echo: conn }]
    there: [{ send: { from: client, zeros: 64MiB, within: 300ms } }]",
    );
    assert!(drawn.contains("receive beside the sending, in another lane of `parallel`"), "{drawn}");
}

#[test]
fn nobody_connected_in_time() {
    stored!(alone(
        "
- listen: { as: server, at: 127.0.0.1:0 }
- accept: { as: conn, at: server, within: 30ms }"
    ));
}

#[test]
fn a_full_backlog_lets_nobody_in() {
    stored!(alone(
        "
- listen: { as: server, at: 127.0.0.1:0, backlog: 0 }
- connect: { as: first, to: server }
- connect: { as: second, to: server, within: 50ms }"
    ));
}

#[test]
fn an_accept_was_done_too_soon() {
    stored!(connected(
        "
- send: { from: client, text: \"now\" }
- expect: { at: conn, text: \"now\", after: 1h }"
    ));
}

#[test]
fn a_handshake_that_only_one_side_makes() {
    stored!(connected("- tls: { at: client, as: client, insecure: true, within: 50ms }"));
}

#[test]
fn a_service_whose_peer_does_not_end() {
    stored!(connected(
        "
- send: { from: client, text: \"hello\" }
- echo: { at: conn, within: 50ms }"
    ));
}
