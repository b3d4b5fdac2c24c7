//! What a failure says: a stored rendering for each way in which a step can fail.
//!
//! `cargo insta review` shows what changed. Ports and times are filtered, nothing else is.

mod playing;

use playing::{failure, failure_of, play_all, scenarios_in};
use sockdrill::engine::Stop;
use sockdrill::event::Failure;
use sockdrill::text::render;

/// Two ends of a TCP connection, `client` and `conn`, at the listener `server`.
const CONNECTED: &str = "
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server }
";

/// A scenario of these steps behind `before`.
fn scenario(before: &str, steps: &str) -> String {
    let steps = steps.trim().replace('\n', "\n  ");
    format!("name: a failure\nsteps:{before}  {steps}")
}

/// The drawn failure of a connection and these steps.
#[track_caller]
fn connected(steps: &str) -> String {
    drawn(&failure(&scenario(CONNECTED, steps)))
}

/// The drawn failure of these steps.
#[track_caller]
fn alone(steps: &str) -> String {
    drawn(&failure(&scenario("\n", steps)))
}

fn drawn(failure: &Failure) -> String {
    render(&failure.diagnostic(), false)
}

/// A rendering is stored with ports and times taken out.
macro_rules! stored {
    ($drawn:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"(127\.0\.0\.1|\[::1\]):[1-9]\d{3,}", "$1:[port]");
        settings.add_filter(r"after \d+\.\d+ (ms|s)\b", "after [time]");
        // Whether the peer's kernel has acknowledged yet, and how much it has handed over.
        settings.add_filter(r"; \d+ B not acknowledged", "");
        settings.add_filter(r"fin-wait-[12]", "fin-wait");
        settings.add_filter(r"received \d{6} B", "received [count] B");
        settings.add_filter(r"; \d{6,7} B unread", "");
        settings.set_snapshot_path("snapshots/failures");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($drawn));
    }};
}

mod ends {
    use super::*;

    #[test]
    fn a_connect_that_is_refused() {
        stored!(alone(
            "
- connect: { as: client, to: '127.0.0.1:${port.nobody}' }"
        ));
    }

    #[test]
    fn a_connect_that_is_refused_again_and_again() {
        stored!(alone("- connect: { as: client, to: '127.0.0.1:${port.nobody}', retry: 50ms }"));
    }

    #[test]
    fn a_reset_before_any_byte() {
        stored!(connected(
            "
- abort: client
- expect: { at: conn, text: \"hello\" }"
        ));
    }

    #[test]
    fn a_reset_in_the_middle() {
        stored!(connected(
            "
- send: { from: client, text: \"220 \" }
- abort: client
- expect: { at: conn, text: \"220 ready\\r\\n\" }"
        ));
    }

    #[test]
    fn a_reset_after_the_data() {
        stored!(connected(
            "
- send: { from: client, text: \"hello\" }
- abort: client
- expect: { at: conn, text: \"hello\" }
- expect: { at: conn, eof: true }"
        ));
    }

    #[test]
    fn an_end_too_early_without_bytes() {
        stored!(connected(
            "
- close: client
- expect: { at: conn, text: \"hello\" }"
        ));
    }

    #[test]
    fn an_end_too_early_after_some_bytes() {
        stored!(connected(
            "
- send: { from: client, text: \"220 \" }
- close: client
- expect: { at: conn, text: \"220 ready\\r\\n\" }"
        ));
    }

    #[test]
    fn an_end_before_the_delimiter() {
        stored!(connected(
            "
- send: { from: client, text: \"220 ready\" }
- shutdown: { at: client, side: write }
- expect: { at: conn, until: \"\\r\\n\" }"
        ));
    }

    #[test]
    fn an_end_before_so_many_bytes() {
        stored!(connected(
            "
- send: { from: client, text: \"220 ready\" }
- close: client
- expect: { at: conn, size: 1KiB }"
        ));
    }

    #[test]
    fn data_where_the_end_is_expected() {
        stored!(connected(
            "
- send: { from: client, text: \"bye\" }
- expect: { at: conn, eof: true }"
        ));
    }

    #[test]
    fn a_clean_end_where_a_reset_is_expected() {
        stored!(connected(
            "
- close: client
- expect: { at: conn, reset: true }"
        ));
    }

    #[test]
    fn silence_broken_by_a_byte() {
        stored!(connected(
            "
- send: { from: client, text: \"x\" }
- expect: { at: conn, silence: 200ms }"
        ));
    }

    #[test]
    fn silence_broken_by_the_end() {
        stored!(connected(
            "
- close: client
- expect: { at: conn, silence: 200ms }"
        ));
    }

    #[test]
    fn silence_broken_by_a_reset() {
        stored!(connected(
            "
- abort: client
- expect: { at: conn, silence: 200ms }"
        ));
    }

    #[test]
    fn a_recv_that_meets_a_reset() {
        stored!(connected(
            "
- abort: client
- recv: conn"
        ));
    }

    #[test]
    fn a_send_after_the_peer_is_gone() {
        stored!(connected(
            "
- close: client
- send: { from: conn, text: \"one\" }
- check: { at: conn, state: close }
- send: { from: conn, text: \"two\" }"
        ));
    }

    #[test]
    fn a_send_after_our_own_half_close() {
        stored!(connected(
            "
- shutdown: { at: client, side: write }
- send: { from: client, text: \"more\" }"
        ));
    }
}

mod bytes {
    use super::*;

    #[test]
    fn a_wrong_byte_in_a_text() {
        stored!(connected(
            "
- send: { from: client, text: \"PONK\\r\\n\" }
- expect: { at: conn, text: \"PONG\\r\\n\" }"
        ));
    }

    #[test]
    fn a_wrong_byte_behind_what_was_expected_before() {
        stored!(connected(
            "
- send: { from: client, lines: [\"HTTP/1.1 200 OK\", \"Server: nginx\", \"\"] }
- expect: { at: conn, until: \"\\r\\n\" }
- expect: { at: conn, lines: [\"Server: apache\", \"\"] }"
        ));
    }

    #[test]
    fn a_wrong_byte_that_is_no_text() {
        stored!(connected(
            "
- send: { from: client, hex: \"00 01 02 ff 04\" }
- expect: { at: conn, hex: \"00 01 02 03 04\" }"
        ));
    }

    #[test]
    fn a_wrong_byte_under_a_mask() {
        stored!(connected(
            "
- send: { from: client, hex: \"16 03 01 00 05 02\" }
- expect: { at: conn, hex: \"16 03 ?? ?? ?? 01\" }"
        ));
    }

    #[test]
    fn a_wrong_byte_far_into_a_large_payload() {
        stored!(connected(
            "
- send: { from: client, sequence: 768KiB }
- send: { from: client, zeros: 256KiB }
- expect: { at: conn, sequence: 1MiB }"
        ));
    }

    #[test]
    fn an_expression_that_cannot_match_any_more() {
        stored!(connected(
            "
- send: { from: client, text: \"OK 12 bytes\\r\\n\" }
- expect: { at: conn, matches: 'OK \\d+\\r\\n' }"
        ));
    }

    #[test]
    fn a_beginning_that_differs() {
        stored!(connected(
            "
- send: { from: client, text: \"500 oops\\r\\n\" }
- expect: { at: conn, starts: \"220\" }"
        ));
    }

    #[test]
    fn none_of_several() {
        stored!(connected(
            "
- send: { from: client, text: \"MAYBE\\r\\n\" }
- expect: { at: conn, any_of: [{ text: \"YES\\r\\n\" }, { matches: 'NO( \\d+)?\\r\\n' }, { eof: true }] }"
        ));
    }

    #[test]
    fn none_of_several_before_the_end() {
        stored!(connected(
            "
- send: { from: client, text: \"YE\" }
- close: client
- expect: { at: conn, any_of: [{ text: \"YES\\r\\n\" }, { reset: true }] }"
        ));
    }

    #[test]
    fn a_long_text_without_what_it_should_contain() {
        stored!(connected(
            "
- send: { from: client, text: \"spam, \", times: 30000 }
- close: client
- expect: { at: conn, contains: \"ready\" }"
        ));
    }
}

mod time {
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
}

mod told {
    use super::*;

    #[test]
    fn a_step_succeeds_that_was_to_fail() {
        stored!(alone(
            "
- listen: { as: server, at: 127.0.0.1:0 }
- connect: { as: client, to: server, fails: refused }"
        ));
    }

    #[test]
    fn a_step_fails_otherwise_than_it_was_to() {
        stored!(connected(
            "
- close: client
- expect: { at: conn, text: \"hello\", fails: reset }"
        ));
    }

    #[test]
    fn a_state_is_not_as_expected() {
        stored!(connected("- check: { at: conn, state: close-wait, within: 30ms }"));
    }

    #[test]
    fn a_count_is_not_as_expected() {
        stored!(connected(
            "
- send: { from: client, text: \"hello\" }
- check: { at: conn, unread: 5 }
- check: { at: conn, fact: unread, at_least: 6, within: 30ms }"
        ));
    }

    #[test]
    fn an_option_is_not_as_expected() {
        stored!(connected("- check: { at: conn, nodelay: true, within: 30ms }"));
    }

    #[test]
    fn a_value_is_not_as_expected() {
        stored!(connected(
            "
- send: { from: client, text: \"id=7\\n\" }
- expect: { at: conn, matches: 'id=(?<id>\\d+)\\n' }
- check: { value: \"${id}\", equals: \"8\" }"
        ));
    }
}

mod addresses {
    use super::*;

    #[test]
    fn an_address_that_is_taken() {
        stored!(alone(
            "
- listen: { as: first, at: 127.0.0.1:0 }
- listen: { as: second, at: '127.0.0.1:${first.port}' }"
        ));
    }

    #[test]
    fn an_address_that_is_not_ours() {
        stored!(alone("- listen: { as: server, at: 192.0.2.1:0 }"));
    }

    #[test]
    fn a_name_that_does_not_resolve() {
        let drawn = alone("- connect: { as: client, to: 'name.invalid:1' }");
        // Resolvers say it in their own words.
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"not resolve \(.*\)", "not resolve ([why])");
        settings.bind(|| stored!(drawn));
    }

    #[test]
    fn a_low_port_is_denied() {
        // Root may bind every port, and so may everybody where the kernel's limit is lowered: then
        // there is nothing to show.
        let lowest = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
        let lowest: u16 = lowest.unwrap_or_default().trim().parse().unwrap_or(1024);
        let text = scenario("\n", "- listen: { as: server, at: 127.0.0.1:1 }");
        if nix::unistd::geteuid().is_root() || lowest <= 1 {
            return;
        }
        stored!(drawn(&failure(&text)));
    }

    #[test]
    fn a_broadcast_without_the_option() {
        stored!(alone(
            "
- bind: { as: a, at: 0.0.0.0:0 }
- send: { from: a, to: 255.255.255.255:9, text: \"x\" }"
        ));
    }
}

mod messages {
    use super::*;

    const BOUND: &str = "
  - bind: { as: a, at: 127.0.0.1:0 }
  - bind: { as: b, at: 127.0.0.1:0 }
";

    #[track_caller]
    fn bound(steps: &str) -> String {
        drawn(&failure(&scenario(BOUND, steps)))
    }

    #[track_caller]
    fn framed(steps: &str) -> String {
        let before = "
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server }
  - accept:  { as: conn, at: server, frame: u16 }
";
        drawn(&failure(&scenario(before, steps)))
    }

    #[test]
    fn a_datagram_with_a_wrong_byte() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"pink\" }
- expect: { at: b, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_datagram_that_is_too_short() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"pin\" }
- expect: { at: b, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_datagram_that_is_too_long() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"ping!\" }
- expect: { at: b, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_datagram_of_another_size() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"ping!\" }
- expect: { at: b, size: 4 }"
        ));
    }

    #[test]
    fn a_datagram_that_does_not_match() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"id=x\" }
- expect: { at: b, matches: 'id=\\d+' }"
        ));
    }

    #[test]
    fn a_datagram_from_another_sender() {
        stored!(bound(
            "
- bind: { as: c, at: 127.0.0.1:0 }
- send: { from: c, to: b, text: \"ping\" }
- expect: { at: b, text: \"ping\", from: a }"
        ));
    }

    #[test]
    fn no_datagram_in_time() {
        stored!(bound("- expect: { at: b, text: \"ping\", within: 30ms }"));
    }

    #[test]
    fn a_datagram_that_breaks_silence() {
        stored!(bound(
            "
- send: { from: a, to: b, text: \"\" }
- expect: { at: b, silence: 100ms }"
        ));
    }

    #[test]
    fn a_datagram_that_does_not_fit() {
        stored!(bound("- send: { from: a, to: b, zeros: 65508 }"));
    }

    #[test]
    fn a_datagram_that_nobody_was_there_for() {
        stored!(alone(
            "
- bind: { as: a, at: 127.0.0.1:0, to: '127.0.0.1:${port.nobody}' }
- send: { from: a, text: \"ping\" }
- expect: { at: a, text: \"pong\" }"
        ));
    }

    #[test]
    fn a_datagram_without_a_destination() {
        stored!(alone(
            "
- bind: { as: a, at: 127.0.0.1:0 }
- send: { from: a, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_frame_with_a_wrong_byte() {
        stored!(framed(
            "
- send: { from: client, hex: \"00 04 70 69 6e 6b\" }
- expect: { at: conn, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_frame_that_the_end_cuts() {
        stored!(framed(
            "
- send: { from: client, hex: \"00 04 70 69\" }
- close: client
- expect: { at: conn, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_frame_that_the_reset_cuts() {
        stored!(framed(
            "
- send: { from: client, hex: \"00 04 70 69\" }
- abort: client
- expect: { at: conn, text: \"ping\" }"
        ));
    }

    #[test]
    fn the_end_where_a_frame_is_expected() {
        stored!(framed(
            "
- close: client
- expect: { at: conn, text: \"ping\" }"
        ));
    }

    #[test]
    fn a_frame_that_did_not_come_whole_in_time() {
        stored!(framed(
            "
- send: { from: client, hex: \"00 04 70 69\" }
- expect: { at: conn, text: \"ping\", within: 30ms }"
        ));
    }

    #[test]
    fn a_frame_that_breaks_silence_before_it_is_whole() {
        stored!(framed(
            "
- send: { from: client, hex: \"00 04 70 69\" }
- expect: { at: conn, silence: 100ms }"
        ));
    }

    #[test]
    fn a_message_that_does_not_fit_its_frame() {
        stored!(framed(
            "
- connect: { as: other, to: server }
- accept:  { as: plain, at: server }
- send:    { from: other, zeros: 65536 }
- expect:  { at: plain, size: 65536, save: large }
- send:    { from: conn, text: \"${large}\" }"
        ));
    }
}

mod processes {
    use super::*;

    #[test]
    fn a_program_that_is_not_there() {
        stored!(alone("- spawn: { as: app, run: [no-such-program, --serve] }"));
    }

    #[test]
    fn a_program_that_ends_before_it_is_ready() {
        stored!(alone(
            "
- spawn:
    as: app
    run: [sh, -c, 'echo starting; echo \"cannot open config.toml\" >&2; exit 3']
    ready: { listening: '127.0.0.1:${port.app}' }"
        ));
    }

    #[test]
    fn a_program_that_is_not_ready_in_time() {
        stored!(alone(
            "
- spawn:
    as: app
    run: [sh, -c, 'echo warming up; exec sleep 60']
    ready: { output: { contains: ready } }
    within: 300ms"
        ));
    }

    #[test]
    fn a_program_that_exits_otherwise() {
        stored!(alone(
            "
- spawn: { as: app, run: [sh, -c, 'echo \"disk full\" >&2; exit 3'] }
- expect: { at: app, exit: 0 }"
        ));
    }

    #[test]
    fn a_program_that_is_ended_by_a_signal() {
        stored!(alone(
            "
- spawn: { as: app, run: [sleep, '60'] }
- stop: app
- expect: { at: app, exit: 0 }"
        ));
    }

    #[test]
    fn a_program_that_does_not_exit_in_time() {
        stored!(alone(
            "
- spawn: { as: app, run: [sleep, '60'] }
- expect: { at: app, exit: 0, within: 30ms }"
        ));
    }

    #[test]
    fn a_program_that_does_not_read() {
        stored!(alone(
            "
- spawn: { as: app, run: [sleep, '60'] }
- send: { from: app, zeros: 1MiB, within: 50ms }"
        ));
    }

    #[test]
    fn a_program_that_writes_something_else() {
        stored!(alone(
            "
- spawn: { as: app, run: [sh, -c, 'echo hallo; exec sleep 60'] }
- expect: { at: app, text: \"hello\\n\" }"
        ));
    }

    #[test]
    fn a_program_whose_output_ends_first() {
        stored!(alone(
            "
- spawn: { as: app, run: [sh, -c, 'echo starting; echo \"no config\" >&2; exit 1'] }
- expect: { at: app, contains: \"ready\" }"
        ));
    }
}

mod blocks {
    use super::*;

    #[test]
    fn a_lane_that_fails_tells_where_the_others_were() {
        stored!(connected(
            "
- parallel:
    other:
      - note: nothing to do
    writer:
      - send: { from: client, text: \"hello\" }
      - expect: { at: client, text: \"welcome\" }
    reader:
      - expect: { at: conn, text: \"hallo\" }
      - send: { from: conn, text: \"welcome\" }"
        ));
    }

    #[test]
    fn an_instance_of_each_that_fails() {
        stored!(alone(
            "
- listen: { as: server, at: 127.0.0.1:0 }
- each:
    at: server
    as: conn
    steps:
      - expect: { at: conn, text: \"hello\" }
      - send: { from: conn, text: \"welcome\" }
- connect: { as: one, to: server }
- send: { from: one, text: \"hello\" }
- expect: { at: one, text: \"welcome\" }
- connect: { as: two, to: server }
- send: { from: two, text: \"help!\" }
- expect: { at: two, text: \"welcome\" }"
        ));
    }

    #[test]
    fn rounds_that_are_not_done_in_time() {
        stored!(connected(
            "
- repeat:
    times: 1
    within: 50ms
    steps:
      - recv: conn"
        ));
    }

    #[test]
    fn a_round_that_fails() {
        stored!(connected(
            "
- send: { from: client, text: \"1\\n2\\n4\\n\" }
- repeat:
    times: 3
    steps:
      - expect: { at: conn, text: \"${i}\\n\" }"
        ));
    }

    #[test]
    fn a_row_of_cases_is_named() {
        let rows = "cases:\n  - { word: hello, heard: hullo }\n";
        let steps =
            "\n- send: { from: client, text: \"${heard}\" }\n- expect: { at: conn, text: \"${word}\" }";
        stored!(drawn(&failure(&format!("{rows}{}", scenario(CONNECTED, steps)))));
    }

    #[test]
    fn a_step_of_an_included_file_fails() {
        let directory = tempfile::tempdir().unwrap();
        let part = "steps:\n  - expect: { at: conn, text: \"hello\" }\n";
        std::fs::write(directory.path().join("greeting.yaml"), part).unwrap();
        let text = scenario(
            CONNECTED,
            "
- send: { from: client, text: \"hallo\" }
- include: greeting.yaml",
        );
        let played = play_all(scenarios_in(directory.path(), &text), playing::ONCE, &Stop::default());
        let drawn = drawn(&failure_of(played.outcome()));
        stored!(drawn.replace(&format!("{}/", directory.path().display()), ""));
    }
}

mod tls {
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
}
