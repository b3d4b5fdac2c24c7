//! TLS that is not spoken.

use super::*;

#[test]
fn a_certificate_that_nobody_vouches_for() {
    stored!(connected(
        "
- parallel:
    server:
      - tls: { at: conn, as: server, fails: tls }
    client:
      - tls: { at: client, as: client }"
    ));
}

#[test]
fn a_peer_that_does_not_speak_tls() {
    stored!(connected(
        "
- send: { from: conn, text: \"220 ready\\r\\n\" }
- tls: { at: client, as: client, insecure: true }"
    ));
}

#[test]
fn a_close_notify_where_a_reset_is_expected() {
    stored!(connected(
        "
- parallel:
    server:
      - tls: { at: conn, as: server }
    client:
      - tls: { at: client, as: client, insecure: true }
- shutdown: client
- expect: { at: conn, reset: true }"
    ));
}
