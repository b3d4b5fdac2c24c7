//! A row for each situation and command. `PORT` is the port of the other end, `OTHER` any other port, `T` a time or a
//! rate.

use crate::scenes as s;
use crate::stand::{
    Row,
    Scene::{Clients, Tcp, There, Udp},
};

/// All of it.
pub const TABLE: &[Row] = &[
    Row {
        situation: "refused",
        line: "sockdrill send 127.0.0.1:PORT x",
        scene: There(s::refusing),
        out: "",
        err: "error: 127.0.0.1:PORT: connection refused
hint: nothing listens there; `--retry 10s` waits for a server that is starting\n",
        code: 3,
        others: &[
            ("nc 127.0.0.1 PORT", "", 1),
            ("ncat 127.0.0.1 PORT", "", 1),
            ("socat - TCP:127.0.0.1:PORT", "", 1),
        ],
    },
    Row {
        situation: "unknown host",
        line: "sockdrill send a..b:80 x",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:80: the name does not resolve (name or service not known)\n",
        code: 3,
        others: &[("nc a..b 80", "", 1), ("ncat a..b 80", "", 2), ("socat - TCP:a..b:80", "", 1)],
    },
    Row {
        situation: "unknown host",
        line: "sockdrill serve a..b:0",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:0: the name does not resolve (name or service not known)\n",
        code: 3,
        others: &[],
    },
    Row {
        situation: "unknown host",
        line: "sockdrill udp-send a..b:80 x",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:80: the name does not resolve (name or service not known)\n",
        code: 3,
        others: &[("nc -u a..b 80", "", 1)],
    },
    Row {
        situation: "unknown host",
        line: "sockdrill udp-recv a..b:0",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:0: the name does not resolve (name or service not known)\n",
        code: 3,
        others: &[],
    },
    Row {
        situation: "port in use",
        line: "sockdrill serve PORT",
        scene: There(s::taken),
        out: "",
        err: "error: 127.0.0.1:PORT: address already in use
hint: another socket has that port; port 0 gives a free one\n",
        code: 3,
        others: &[
            ("nc -l 127.0.0.1 PORT", "", 1),
            ("ncat -l 127.0.0.1 PORT", "", 2),
            ("socat TCP-LISTEN:PORT,bind=127.0.0.1 -", "", 1),
        ],
    },
    Row {
        situation: "port in use",
        line: "sockdrill udp-recv PORT",
        scene: There(s::taken_udp),
        out: "",
        err: "error: 127.0.0.1:PORT: address already in use
hint: another program has it; port 0 takes a free one\n",
        code: 3,
        others: &[("nc -u -l 127.0.0.1 PORT", "", 1), ("socat -u UDP-RECV:PORT,bind=127.0.0.1 -", "", 1)],
    },
    Row {
        situation: "port in use",
        line: "sockdrill send -p PORT 127.0.0.2:PORT x",
        scene: There(s::taken),
        out: "",
        err: "error: 127.0.0.2:PORT: from 0.0.0.0:PORT: address already in use\n",
        code: 3,
        others: &[],
    },
    Row {
        situation: "port in use",
        line: "sockdrill udp-send -p PORT 127.0.0.2:PORT x",
        scene: There(s::taken_udp),
        out: "",
        err: "error: 0.0.0.0:PORT: address already in use
hint: another program has it; port 0 takes a free one\n",
        code: 3,
        others: &[],
    },
    Row {
        situation: "bad port",
        line: "sockdrill send tcp://70000 x",
        scene: There(s::nothing),
        out: "",
        err: "error: port 70000 is above 65535
 --> command line:1:16
  |
1 | sockdrill send tcp://70000 x
  |                ^^^^^^^^^^^\n",
        code: 2,
        others: &[
            ("nc 127.0.0.1 70000", "", 1),
            ("ncat 127.0.0.1 70000", "", 2),
            // It wraps round: another port is tried.
            ("socat - TCP:127.0.0.1:70000", "", 1),
        ],
    },
    Row {
        situation: "bad port",
        line: "sockdrill serve 70000",
        scene: There(s::nothing),
        out: "",
        err: "error: port 70000 is above 65535
 --> command line:1:17
  |
1 | sockdrill serve 70000
  |                 ^^^^^\n",
        code: 2,
        others: &[],
    },
    Row {
        situation: "bad port",
        line: "sockdrill udp-send 127.0.0.1:x y",
        scene: There(s::nothing),
        out: "",
        err: "error: `x` is no port\n --> command line:1:20\n  |\n1 | sockdrill udp-send 127.0.0.1:x y\n  |                    ^^^^^^^^^^^\n  |\n  = help: a port is a number from 0 to 65535; 0 asks for a free one\n",
        code: 2,
        others: &[],
    },
    Row {
        situation: "bad port",
        line: "sockdrill udp-recv 127.0.0.1:-1",
        scene: There(s::nothing),
        out: "",
        err: "error: `-1` is no port\n --> command line:1:20\n  |\n1 | sockdrill udp-recv 127.0.0.1:-1\n  |                    ^^^^^^^^^^^^\n  |\n  = help: a port is a number from 0 to 65535; 0 asks for a free one\n",
        code: 2,
        others: &[],
    },
    Row {
        situation: "the peer closes",
        line: "sockdrill send 127.0.0.1:PORT --no-shutdown < OPEN",
        scene: Tcp(s::closes),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 0 B\n",
        code: 0,
        others: &[
            ("nc 127.0.0.1 PORT", "", 0),
            ("ncat 127.0.0.1 PORT", "", 0),
            ("socat - TCP:127.0.0.1:PORT", "", 0),
        ],
    },
    Row {
        situation: "the peer closes",
        line: "sockdrill serve 0 --once",
        scene: Clients(s::one_client_says_hello),
        out: "hello\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by peer (FIN): in 6 B, out 0 B, T s
* 1 client in T s: in 6 B, out 0 B\n",
        code: 0,
        others: &[
            ("nc -l 127.0.0.1 PORT", "hello\n", 0),
            ("ncat -l 127.0.0.1 PORT", "hello\n", 0),
            ("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -", "hello\n", 0),
        ],
    },
    Row {
        situation: "the peer resets after data",
        line: "sockdrill send 127.0.0.1:PORT hi --no-shutdown",
        scene: Tcp(s::resets_after_data),
        out: "half an ans",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* reset by peer (RST) after T s: sent 2 B, received 11 B\n",
        code: 5,
        // They print what had come, or lose it, as it happens; nc ends with 0 either way.
        others: &[],
    },
    Row {
        situation: "the peer resets after data",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_resets_after_data),
        out: "#1 <     4  half\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        reset by peer (RST): in 4 B, out 0 B, T s\n* 1 client in T s: in 4 B, out 0 B; 1 ended badly\n",
        code: 5,
        others: &[],
    },
    Row {
        situation: "half-close, and the answer 1.5 s later",
        line: "sockdrill send 127.0.0.1:PORT hi",
        scene: Tcp(s::answers_late),
        out: "to: hi",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 2 B, received 6 B\n",
        code: 0,
        others: &[
            ("printf hi | nc -N 127.0.0.1 PORT", "to: hi", 0),
            ("printf hi | ncat 127.0.0.1 PORT", "to: hi", 0),
            // Gone after half a second, and content.
            ("printf hi | socat - TCP:127.0.0.1:PORT", "", 0),
        ],
    },
    Row {
        situation: "silence",
        line: "sockdrill send 127.0.0.1:PORT hi --wait 100ms",
        scene: Tcp(s::is_silent_for_good),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
error: 127.0.0.1:PORT: no answer within 100ms, and the connection is still open
hint: `--wait 30s` waits longer, `--wait 0` does not wait for an answer
* closed by us after T s: sent 2 B, received 0 B\n",
        code: 4,
        others: &[],
    },
    Row {
        situation: "silence",
        line: "sockdrill serve 0 --once --idle 100ms",
        scene: Clients(s::one_client_is_silent),
        out: "",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        nothing passed for 100ms: closed by us: in 0 B, out 0 B, T s\n* 1 client in T s: in 0 B, out 0 B; 1 ended badly\nerror: 127.0.0.1:OTHER: nothing passed for 100ms\n",
        code: 4,
        others: &[],
    },
    Row {
        situation: "silence",
        line: "sockdrill udp-send 127.0.0.1:PORT hi --replies 1 --wait 100ms",
        scene: Udp(s::hears_nothing_of_note),
        out: "",
        err: "* 0 of 1 answered\nerror: 127.0.0.1:PORT: no answer within 100ms\n",
        code: 4,
        others: &[
            ("printf hi | nc -u -w 1 127.0.0.1 PORT", "", 0),
            ("printf hi | ncat -u -i 1 127.0.0.1 PORT", "", 0),
            ("printf hi | socat -t 1 - UDP:127.0.0.1:PORT", "", 0),
        ],
    },
    Row {
        situation: "silence",
        line: "sockdrill udp-recv 0 --within 100ms",
        scene: There(s::nothing),
        out: "",
        err: "* listening on udp 127.0.0.1:OTHER
* 0 datagrams, 0 B in T s
error: 127.0.0.1:OTHER: nothing came within 100ms\n",
        code: 4,
        others: &[],
    },
    Row {
        situation: "connect time-out",
        line: "sockdrill send 127.0.0.1:PORT hi --connect-timeout 1s",
        scene: There(s::full),
        out: "",
        err: "error: 127.0.0.1:PORT: no answer to the connect within 1s
hint: a full backlog and a dropped packet both look like this\n",
        code: 4,
        others: &[
            ("nc -w 1 127.0.0.1 PORT", "", 1),
            ("ncat -w 1 127.0.0.1 PORT", "", 1),
            ("socat - TCP:127.0.0.1:PORT,connect-timeout=1", "", 1),
        ],
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-send 127.0.0.1:PORT --empty --replies 1 --view text --time none",
        scene: Udp(s::hears_an_empty_datagram_and_answers_with_one),
        out: ">     0  (empty)\n<     0  (empty)\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-send 127.0.0.1:PORT --empty",
        scene: Udp(s::hears_an_empty_datagram),
        out: "",
        err: "",
        code: 0,
        others: &[],
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-recv 0 --count 1 --time none",
        scene: Clients(s::an_empty_datagram),
        out: "    1  127.0.0.1:OTHER      0  (empty)\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 0 B from 1 sender in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "closed UDP port",
        line: "sockdrill udp-send 127.0.0.1:PORT x",
        scene: There(s::unbound),
        out: "",
        err: "* ICMP port unreachable from 127.0.0.1:PORT (nothing is bound there)\n",
        code: 3,
        others: &[
            // It says nothing.
            ("printf x | nc -u -w 1 127.0.0.1 PORT", "", 0),
            ("printf x | ncat -u -i 1 127.0.0.1 PORT", "", 1),
            ("printf x | socat -t 1 - UDP:127.0.0.1:PORT", "", 1),
        ],
    },
    Row {
        situation: "another port answers",
        line: "sockdrill udp-send 127.0.0.1:PORT x --replies 1 --view text --time none",
        scene: Udp(s::another_port_answers),
        out: ">     1  x\n<    14  from 127.0.0.1:OTHER (another port)  from elsewhere\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
        others: &[
            // They hear nothing of it.
            ("printf x | nc -u -w 1 127.0.0.1 PORT", "", 0),
            ("printf x | ncat -u -i 1 127.0.0.1 PORT", "", 0),
            ("printf x | socat -t 1 - UDP:127.0.0.1:PORT", "", 0),
        ],
    },
    Row {
        situation: "broadcast without the option",
        line: "sockdrill udp-send 127.255.255.255:9 x",
        scene: There(s::nothing),
        out: "",
        err: "error: 127.255.255.255:9: permission denied
hint: `--broadcast` allows sending to a broadcast address\n",
        code: 3,
        others: &[
            ("printf x | nc -u -w 1 127.255.255.255 9", "", 1),
            ("printf x | socat - UDP:127.255.255.255:9", "", 1),
        ],
    },
    Row {
        situation: "five clients at once",
        line: "sockdrill serve 0",
        scene: Clients(s::five_clients),
        out: "#1 *        connected 127.0.0.1:OTHER
#2 *        connected 127.0.0.1:OTHER
#3 *        connected 127.0.0.1:OTHER
#4 *        connected 127.0.0.1:OTHER
#5 *        connected 127.0.0.1:OTHER
#1 <     6  I am 1
#2 <     6  I am 2
#3 <     6  I am 3
#4 <     6  I am 4
#5 <     6  I am 5
#1 *        closed by peer (FIN): in 6 B, out 0 B, T s
#2 *        closed by peer (FIN): in 6 B, out 0 B, T s
#3 *        closed by peer (FIN): in 6 B, out 0 B, T s
#4 *        closed by peer (FIN): in 6 B, out 0 B, T s
#5 *        closed by peer (FIN): in 6 B, out 0 B, T s\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
* 5 clients in T s: in 30 B, out 0 B\n",
        code: 130,
        others: &[],
    },
    Row {
        situation: "five clients at once",
        line: "sockdrill udp-recv 0 --count 5 --time none",
        scene: Clients(s::five_senders),
        out: "    1  127.0.0.1:OTHER      6  I am 1
    2  127.0.0.1:OTHER      6  I am 2
    3  127.0.0.1:OTHER      6  I am 3
    4  127.0.0.1:OTHER      6  I am 4
    5  127.0.0.1:OTHER      6  I am 5\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 5 datagrams, 30 B from 5 senders in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill send 127.0.0.1:PORT <&-",
        scene: Tcp(s::says_bye_at_the_end),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill serve 0 --once <&-",
        scene: Clients(s::one_client_says_hello),
        out: "hello\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by peer (FIN): in 6 B, out 0 B, T s
* 1 client in T s: in 6 B, out 0 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill udp-send 127.0.0.1:9 <&-",
        scene: There(s::nothing),
        out: "",
        err: "error: there is nothing to send: no DATA, and standard input is empty
  help: `--empty` sends an empty datagram\n",
        code: 2,
        others: &[],
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill udp-recv 0 --count 1 --view raw <&-",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill send 127.0.0.1:PORT",
        scene: Tcp(s::says_bye_at_the_end),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
        others: &[
            ("nc -N 127.0.0.1 PORT", "bye\n", 0),
            ("ncat 127.0.0.1 PORT", "bye\n", 0),
            ("socat -t 60 - TCP:127.0.0.1:PORT", "bye\n", 0),
        ],
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_says_hello),
        out: "#1 <     6  hello\\n\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill udp-send 127.0.0.1:9",
        scene: There(s::nothing),
        out: "",
        err: "error: there is nothing to send: no DATA, and standard input is empty
  help: `--empty` sends an empty datagram\n",
        code: 2,
        others: &[],
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill udp-recv 0 --count 1 --view raw",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill send 127.0.0.1:PORT < OPEN",
        scene: Tcp(s::says_bye),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
        // They wait for the end of their input: none of them comes to an end here.
        others: &[],
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill serve 0 --once < OPEN",
        scene: Clients(s::one_client_says_hello),
        out: "hello\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by peer (FIN): in 6 B, out 0 B, T s
* 1 client in T s: in 6 B, out 0 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill udp-send 127.0.0.1:PORT x < OPEN",
        scene: Udp(s::hears_nothing_of_note),
        out: "",
        err: "",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill udp-recv 0 --count 1 --view raw < OPEN",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "stdout is closed early",
        line: "sockdrill send 127.0.0.1:PORT --quiet --wait 60 | head -c 3; echo \" ${PIPESTATUS[0]}\"",
        scene: Tcp(s::talks_on),
        out: "xxx 0\n",
        err: "",
        code: 0,
        others: &[],
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill send 127.0.0.1:PORT x --view text --time none",
        scene: Tcp(s::paints),
        out: ">     1  x\n<    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms\n* closed by peer (FIN) after T s: sent 1 B, received 12 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill send 127.0.0.1:PORT x --quiet",
        scene: Tcp(s::paints),
        // As they are, for a program; what is no text is shown here as the reader of this test shows it.
        out: "\u{1b}[31mred\u{7}\u{fffd}\r\n",
        err: "",
        code: 0,
        others: &[
            ("printf x | nc -N 127.0.0.1 PORT", "\u{1b}[31mred\u{7}\u{fffd}\r\n", 0),
            ("printf x | ncat 127.0.0.1 PORT", "\u{1b}[31mred\u{7}\u{fffd}\r\n", 0),
            ("printf x | socat - TCP:127.0.0.1:PORT", "\u{1b}[31mred\u{7}\u{fffd}\r\n", 0),
        ],
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_paints),
        out: "#1 <    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 12 B, out 0 B, T s\n* 1 client in T s: in 12 B, out 0 B\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill udp-send 127.0.0.1:PORT x --replies 1 --view text --time none",
        scene: Udp(s::paints_in_a_datagram),
        out: ">     1  x\n<    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill udp-recv 0 --count 1 --time none",
        scene: Clients(s::a_painted_datagram),
        out: "    1  127.0.0.1:OTHER     12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 12 B from 1 sender in T s\n",
        code: 0,
        others: &[],
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill send 127.0.0.1:PORT hi --wait 60 --no-shutdown",
        scene: Tcp(s::interrupts),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by us after T s: sent 2 B, received 0 B\n",
        code: 130,
        others: &[],
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill serve 0",
        scene: Clients(s::ctrl_c_with_a_client),
        out: "#1 *        connected 127.0.0.1:OTHER\n#1 <     6  hello\\n\n#1 *        closed by us: in 6 B, out 0 B, T s\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 130,
        others: &[],
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill udp-send 127.0.0.1:PORT tick --rate 0.01/s",
        scene: Udp(s::hears_and_interrupts),
        out: "",
        err: "* sent 1 datagram, 4 B in T s\n",
        code: 130,
        others: &[],
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill udp-recv 0 --time none",
        scene: Clients(s::a_datagram_then_ctrl_c),
        out: "    1  127.0.0.1:OTHER      6  hello\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 130,
        others: &[],
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill send 127.0.0.1:PORT hi --wait 60 --no-shutdown",
        scene: Tcp(s::terminates),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by us after T s: sent 2 B, received 0 B\n",
        code: 143,
        others: &[],
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill serve 0 --view raw",
        scene: Clients(s::one_client_then_sigterm),
        out: "hello\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 143,
        others: &[],
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill udp-send 127.0.0.1:PORT tick --rate 0.01/s",
        scene: Udp(s::hears_and_terminates),
        out: "",
        err: "* sent 1 datagram, 4 B in T s\n",
        code: 143,
        others: &[],
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill udp-recv 0 --time none",
        scene: Clients(s::a_datagram_then_sigterm),
        out: "    1  127.0.0.1:OTHER      6  hello\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 143,
        others: &[],
    },
    Row {
        situation: "20,000 bytes on stdin",
        line: "head -c 20000 /dev/zero | sockdrill udp-send 127.0.0.1:PORT",
        scene: Udp(s::hears_twenty_thousand_bytes),
        out: "",
        err: "",
        code: 0,
        // They cut it into datagrams of their own sizes.
        others: &[],
    },
    Row {
        situation: "20,000 bytes on stdin",
        line: "head -c 20000 /dev/zero | sockdrill send 127.0.0.1:PORT | wc -c",
        scene: Tcp(s::echoes),
        out: "20000\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 20000 B, received 20000 B\n",
        code: 0,
        others: &[("head -c 20000 /dev/zero | nc -N 127.0.0.1 PORT | wc -c", "20000\n", 0)],
    },
];
