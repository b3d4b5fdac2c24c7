//! A row for each situation and command. `PORT` is the port of the other end, `OTHER` any other port, `T` a time or a
//! rate.

use crate::scenes as s;
use crate::stand::{
    Row,
    Scene::{Clients, Five, Tcp, There, Udp},
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
    },
    Row {
        situation: "unknown host",
        line: "sockdrill send a..b:80 x",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:80: the name does not resolve (name or service not known)\n",
        code: 3,
    },
    Row {
        situation: "unknown host",
        line: "sockdrill serve a..b:0",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:0: the name does not resolve (name or service not known)\n",
        code: 3,
    },
    Row {
        situation: "unknown host",
        line: "sockdrill udp-send a..b:80 x",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:80: the name does not resolve (name or service not known)\n",
        code: 3,
    },
    Row {
        situation: "unknown host",
        line: "sockdrill udp-recv a..b:0",
        scene: There(s::nothing),
        out: "",
        err: "error: a..b:0: the name does not resolve (name or service not known)\n",
        code: 3,
    },
    Row {
        situation: "port in use",
        line: "sockdrill serve PORT",
        scene: There(s::taken),
        out: "",
        err: "error: 127.0.0.1:PORT: address already in use
hint: another socket has that port; port 0 gives a free one\n",
        code: 3,
    },
    Row {
        situation: "port in use",
        line: "sockdrill udp-recv PORT",
        scene: There(s::taken_udp),
        out: "",
        err: "error: 127.0.0.1:PORT: address already in use
hint: another program has it; port 0 takes a free one\n",
        code: 3,
    },
    Row {
        situation: "port in use",
        line: "sockdrill send -p PORT 127.0.0.2:PORT x",
        scene: There(s::taken),
        out: "",
        err: "error: 127.0.0.2:PORT: from 0.0.0.0:PORT: address already in use\n",
        code: 3,
    },
    Row {
        situation: "port in use",
        line: "sockdrill udp-send -p PORT 127.0.0.2:PORT x",
        scene: There(s::taken_udp),
        out: "",
        err: "error: 0.0.0.0:PORT: address already in use
hint: another program has it; port 0 takes a free one\n",
        code: 3,
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
    },
    Row {
        situation: "bad port",
        line: "sockdrill udp-send 127.0.0.1:x y",
        scene: There(s::nothing),
        out: "",
        err: "error: `x` is no port\n --> command line:1:20\n  |\n1 | sockdrill udp-send 127.0.0.1:x y\n  |                    ^^^^^^^^^^^\n  |\n  = help: a port to go to is a number from 1 to 65535\n",
        code: 2,
    },
    Row {
        situation: "bad port",
        line: "sockdrill udp-recv 127.0.0.1:-1",
        scene: There(s::nothing),
        out: "",
        err: "error: `-1` is no port\n --> command line:1:20\n  |\n1 | sockdrill udp-recv 127.0.0.1:-1\n  |                    ^^^^^^^^^^^^\n  |\n  = help: a port is a number from 0 to 65535; 0 asks for a free one\n",
        code: 2,
    },
    Row {
        situation: "the peer closes",
        line: "sockdrill send 127.0.0.1:PORT --no-shutdown < OPEN",
        scene: Tcp(s::closes),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* standard input was not read to its end, nothing came from it for 5s; closed by peer (FIN) after T s: sent 0 B, received 0 B\n",
        code: 0,
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
    },
    Row {
        situation: "the peer resets after data",
        line: "sockdrill send 127.0.0.1:PORT hi --no-shutdown",
        scene: Tcp(s::resets_after_data),
        out: "half an ans",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* reset by peer (RST) after T s: sent 2 B, received 11 B\n",
        code: 5,
    },
    Row {
        situation: "the peer resets after data",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_resets_after_data),
        out: "#1 <     4  half\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        reset by peer (RST): in 4 B, out 0 B, T s\n* 1 client in T s: in 4 B, out 0 B; 1 ended badly\n",
        code: 5,
    },
    Row {
        situation: "half-close, and the answer 1.5 s later",
        line: "sockdrill send 127.0.0.1:PORT hi",
        scene: Tcp(s::answers_late),
        out: "to: hi",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 2 B, received 6 B\n",
        code: 0,
    },
    Row {
        situation: "half-close, and the answer 1.5 s later",
        line: "sockdrill serve 0 --once --view text --reply 'late\\n' --delay 1500ms",
        scene: Clients(s::one_client_is_answered_late),
        out: "#1 <     6  hello\\n\n#1 >     5  late\\n\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by peer (FIN): in 6 B, out 5 B, T s
* 1 client in T s: in 6 B, out 5 B\n",
        code: 0,
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
    },
    Row {
        situation: "silence",
        line: "sockdrill serve 0 --once --idle 100ms",
        scene: Clients(s::one_client_is_silent),
        out: "",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        nothing passed for 100ms: closed by us: in 0 B, out 0 B, T s\n* 1 client in T s: in 0 B, out 0 B; 1 ended badly\nerror: 127.0.0.1:OTHER: nothing passed for 100ms\n",
        code: 4,
    },
    Row {
        situation: "silence",
        line: "sockdrill udp-send 127.0.0.1:PORT hi --replies 1 --wait 100ms",
        scene: Udp(s::hears_nothing_of_note),
        out: "",
        err: "* 0 of 1 answered\nerror: 127.0.0.1:PORT: no answer within 100ms\n",
        code: 4,
    },
    Row {
        situation: "silence",
        line: "sockdrill udp-recv 0 --within 100ms",
        scene: Clients(s::nobody_comes),
        out: "",
        err: "* listening on udp 127.0.0.1:PORT
* 0 datagrams, 0 B in T s
error: 127.0.0.1:PORT: nothing came within 100ms\n",
        code: 4,
    },
    Row {
        situation: "connect time-out",
        line: "sockdrill send 127.0.0.1:PORT hi --connect-timeout 1s",
        scene: There(s::full),
        out: "",
        err: "error: 127.0.0.1:PORT: no answer to the connect within 1s
hint: a full backlog and a dropped packet both look like this\n",
        code: 4,
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-send 127.0.0.1:PORT --empty",
        scene: Udp(s::hears_an_empty_datagram),
        out: "",
        err: "",
        code: 0,
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-send 127.0.0.1:PORT --empty --replies 1 --view text --time none",
        scene: Udp(s::hears_an_empty_datagram_and_answers_with_one),
        out: ">     0  (empty)\n<     0  (empty)\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
    },
    Row {
        situation: "an empty datagram",
        line: "sockdrill udp-recv 0 --count 1 --time none",
        scene: Clients(s::an_empty_datagram),
        out: "    1  127.0.0.1:OTHER      0  (empty)\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 0 B from 1 sender in T s\n",
        code: 0,
    },
    Row {
        situation: "closed UDP port",
        line: "sockdrill udp-send 127.0.0.1:PORT x",
        scene: There(s::unbound),
        out: "",
        err: "* ICMP port unreachable from 127.0.0.1:PORT (nothing is bound there)\n",
        code: 3,
    },
    Row {
        situation: "another port answers",
        line: "sockdrill udp-send 127.0.0.1:PORT x --replies 1 --view text --time none",
        scene: Udp(s::another_port_answers),
        out: ">     1  x\n<    14  from 127.0.0.1:OTHER (another port)  from elsewhere\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
    },
    Row {
        situation: "broadcast without the option",
        line: "sockdrill udp-send 127.255.255.255:9 x",
        scene: There(s::nothing),
        out: "",
        err: "error: 127.255.255.255:9: permission denied
hint: `--broadcast` allows sending to a broadcast address\n",
        code: 3,
    },
    Row {
        situation: "five clients at once",
        line: "sockdrill send 127.0.0.1:PORT hi --connections 5 --quiet",
        scene: Five(s::five_are_answered),
        out: "hohohohoho",
        err: "",
        code: 0,
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
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill send 127.0.0.1:PORT <&-",
        scene: Tcp(s::says_bye_at_the_end),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
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
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill udp-send 127.0.0.1:9 <&-",
        scene: There(s::nothing),
        out: "",
        err: "error: there is nothing to send: no DATA, and standard input is empty
  help: `--empty` sends an empty datagram, `--size N` so many bytes\n",
        code: 2,
    },
    Row {
        situation: "stdin is closed",
        line: "sockdrill udp-recv 0 --count 1 --view raw <&-",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill send 127.0.0.1:PORT",
        scene: Tcp(s::says_bye_at_the_end),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_says_hello),
        out: "#1 <     6  hello\\n\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 0,
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill udp-send 127.0.0.1:9",
        scene: There(s::nothing),
        out: "",
        err: "error: there is nothing to send: no DATA, and standard input is empty
  help: `--empty` sends an empty datagram, `--size N` so many bytes\n",
        code: 2,
    },
    Row {
        situation: "stdin is /dev/null",
        line: "sockdrill udp-recv 0 --count 1 --view raw",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill send 127.0.0.1:PORT < OPEN",
        scene: Tcp(s::says_bye),
        out: "bye\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* standard input was not read to its end, nothing came from it for 5s; closed by peer (FIN) after T s: sent 0 B, received 4 B\n",
        code: 0,
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
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill udp-send 127.0.0.1:PORT x < OPEN",
        scene: Udp(s::hears_nothing_of_note),
        out: "",
        err: "",
        code: 0,
    },
    Row {
        situation: "stdin stays open",
        line: "sockdrill udp-recv 0 --count 1 --view raw < OPEN",
        scene: Clients(s::one_datagram),
        out: "hello\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 0,
    },
    Row {
        situation: "stdout is closed early",
        line: "sockdrill send 127.0.0.1:PORT --quiet --wait 60 | head -c 3; echo \" ${PIPESTATUS[0]}\"",
        scene: Tcp(s::talks_on),
        out: "xxx 0\n",
        err: "",
        code: 0,
    },
    Row {
        situation: "stdout is closed early",
        // How much it has received by then, and not yet, is as it happens.
        line: "sockdrill serve 0 --once 2> >(sed -u 's/in [0-9]* B/in N B/; s/ with [0-9]* B unread, so by a reset//' >&2) | head -c 3; echo \" ${PIPESTATUS[0]}\"",
        scene: Clients(s::one_client_talks_on),
        out: "xxx 0\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by us: in N B, out 0 B, T s
* 1 client in T s: in N B, out 0 B\n",
        code: 0,
    },
    Row {
        situation: "stdout is closed early",
        line: "sockdrill udp-send 127.0.0.1:PORT x --rate 100/s --view text --time none --quiet | head -n 1; echo \" ${PIPESTATUS[0]}\"",
        scene: Udp(s::hears_nothing_of_note),
        out: ">     1  x\n 0\n",
        err: "",
        code: 0,
    },
    Row {
        situation: "stdout is closed early",
        line: "sockdrill udp-recv 0 --time none 2> >(sed -u 's/[*] [0-9].* in/* N datagrams in/' >&2) | head -n 1; echo \" ${PIPESTATUS[0]}\"",
        scene: Clients(s::datagrams_until_it_is_gone),
        out: "    1  127.0.0.1:OTHER      6  hello\\n\n 0\n",
        err: "* listening on udp 127.0.0.1:PORT\n* N datagrams in T s\n",
        code: 0,
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill send 127.0.0.1:PORT x --view text --time none",
        scene: Tcp(s::paints),
        out: ">     1  x\n<    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms\n* closed by peer (FIN) after T s: sent 1 B, received 12 B\n",
        code: 0,
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill send 127.0.0.1:PORT x --quiet",
        scene: Tcp(s::paints),
        // As they are, for a program; what is no text is shown here as the reader of this test shows it.
        out: "\u{1b}[31mred\u{7}\u{fffd}\r\n",
        err: "",
        code: 0,
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill serve 0 --once --view text",
        scene: Clients(s::one_client_paints),
        out: "#1 <    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 12 B, out 0 B, T s\n* 1 client in T s: in 12 B, out 0 B\n",
        code: 0,
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill udp-send 127.0.0.1:PORT x --replies 1 --view text --time none",
        scene: Udp(s::paints_in_a_datagram),
        out: ">     1  x\n<    12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* 1 of 1 answered after T ms\n",
        code: 0,
    },
    Row {
        situation: "escape codes from the peer",
        line: "sockdrill udp-recv 0 --count 1 --time none",
        scene: Clients(s::a_painted_datagram),
        out: "    1  127.0.0.1:OTHER     12  \\e[31mred\\x07\\xff\\r\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 12 B from 1 sender in T s\n",
        code: 0,
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill send 127.0.0.1:PORT hi --wait 60 --no-shutdown",
        scene: Tcp(s::interrupts),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* interrupted: closed by us after T s: sent 2 B, received 0 B\n",
        code: 130,
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill serve 0",
        scene: Clients(s::ctrl_c_with_a_client),
        out: "#1 *        connected 127.0.0.1:OTHER\n#1 <     6  hello\\n\n#1 *        closed by us: in 6 B, out 0 B, T s\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 130,
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill udp-send 127.0.0.1:PORT tick --rate 0.01/s",
        scene: Udp(s::hears_and_interrupts),
        out: "",
        err: "* sent 1 datagram, 4 B in T s\n",
        code: 130,
    },
    Row {
        situation: "Ctrl-C",
        line: "sockdrill udp-recv 0 --time none",
        scene: Clients(s::a_datagram_then_ctrl_c),
        out: "    1  127.0.0.1:OTHER      6  hello\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 130,
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill send 127.0.0.1:PORT hi --wait 60 --no-shutdown",
        scene: Tcp(s::terminates),
        out: "",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* terminated: closed by us after T s: sent 2 B, received 0 B\n",
        code: 143,
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill serve 0 --view raw",
        scene: Clients(s::one_client_then_sigterm),
        out: "hello\n",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop\n#1 *        connected 127.0.0.1:OTHER\n#1 *        closed by peer (FIN): in 6 B, out 0 B, T s\n* 1 client in T s: in 6 B, out 0 B\n",
        code: 143,
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill udp-send 127.0.0.1:PORT tick --rate 0.01/s",
        scene: Udp(s::hears_and_terminates),
        out: "",
        err: "* sent 1 datagram, 4 B in T s\n",
        code: 143,
    },
    Row {
        situation: "SIGTERM",
        line: "sockdrill udp-recv 0 --time none",
        scene: Clients(s::a_datagram_then_sigterm),
        out: "    1  127.0.0.1:OTHER      6  hello\\n\n",
        err: "* listening on udp 127.0.0.1:PORT\n* 1 datagram, 6 B from 1 sender in T s\n",
        code: 143,
    },
    Row {
        situation: "20,000 bytes on stdin",
        line: "head -c 20000 /dev/zero | sockdrill udp-send 127.0.0.1:PORT",
        scene: Udp(s::hears_twenty_thousand_bytes),
        out: "",
        err: "",
        code: 0,
    },
    Row {
        situation: "20,000 bytes on stdin",
        line: "head -c 20000 /dev/zero | sockdrill send 127.0.0.1:PORT | wc -c",
        scene: Tcp(s::echoes),
        out: "20000\n",
        err: "* connected 127.0.0.1:PORT from 127.0.0.1:OTHER in T ms
* closed by peer (FIN) after T s: sent 20000 B, received 20000 B\n",
        code: 0,
    },
    Row {
        situation: "20,000 bytes on stdin",
        line: "head -c 20000 /dev/zero | sockdrill serve 0 --once --stdin",
        scene: Clients(s::one_client_hears_twenty_thousand_bytes),
        out: "",
        err: "* listening on 127.0.0.1:PORT (loopback only; *:PORT for all). Ctrl-C to stop
#1 *        connected 127.0.0.1:OTHER
#1 *        closed by peer (FIN): in 0 B, out 20000 B, T s
* 1 client in T s: in 0 B, out 20000 B\n",
        code: 0,
    },
];

/// Where no row stands, and why not: a situation, the commands, and what keeps them out of it.
pub const HOLES: &[(&str, &[&str], &str)] = &[
    ("refused", &["serve", "udp-recv"], "they go to nobody"),
    ("refused", &["udp-send"], "a datagram is refused by ICMP: that is the closed UDP port"),
    ("the peer closes", &["udp-send", "udp-recv"], "a datagram socket has no end"),
    ("the peer resets after data", &["udp-send", "udp-recv"], "a datagram socket has no end"),
    ("half-close, and the answer 1.5 s later", &["udp-send", "udp-recv"], "a datagram socket has no half"),
    ("connect time-out", &["serve", "udp-send", "udp-recv"], "they do not connect"),
    ("an empty datagram", &["send", "serve"], "a stream has no empty pieces"),
    ("closed UDP port", &["send", "serve"], "they do not speak UDP"),
    (
        "closed UDP port",
        &["udp-recv"],
        "it goes to nobody; one that answers somebody gone is in tests/udp_commands",
    ),
    ("another port answers", &["send", "serve"], "a connection has one port at each end"),
    ("another port answers", &["udp-recv"], "it asks nobody"),
    ("broadcast without the option", &["send", "serve"], "TCP has no broadcast"),
    ("broadcast without the option", &["udp-recv"], "receiving needs no option"),
    ("five clients at once", &["udp-send"], "it has one socket, and no connections"),
    ("20,000 bytes on stdin", &["udp-recv"], "it does not read it"),
];
