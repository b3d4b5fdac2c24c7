//! What nc, ncat and socat do in the situations of the table, in their own words. Most say nothing, and are content.

use Does::Apart;

/// What stands beside the rows of one situation and command.
pub struct Beside {
    pub situation: &'static str,
    pub command: &'static str,
    /// Of each of `PROGRAMS`.
    pub does: [Does; 3],
}

/// The others, in the order in which they stand.
pub const PROGRAMS: [&str; 3] = ["nc", "ncat", "socat"];

/// What one of them does.
pub enum Does {
    Plays {
        /// A line for a shell.
        line: &'static str,
        out: &'static str,
        /// A part of it; empty where it says nothing.
        err: &'static str,
        /// 143 is one that goes on, and is ended.
        code: i32,
    },
    /// Nothing that could stand there, for this reason.
    Apart(&'static str),
}

/// A line that says nothing and ends well, where nothing else is said of it.
const fn plays(line: &'static str) -> Does {
    Does::Plays { line, out: "", err: "", code: 0 }
}

impl Does {
    const fn out(self, says: &'static str) -> Self {
        match self {
            Self::Plays { line, err, code, .. } => Self::Plays { line, out: says, err, code },
            Apart(why) => Apart(why),
        }
    }

    const fn err(self, says: &'static str) -> Self {
        match self {
            Self::Plays { line, out, code, .. } => Self::Plays { line, out, err: says, code },
            Apart(why) => Apart(why),
        }
    }

    const fn code(self, is: i32) -> Self {
        match self {
            Self::Plays { line, out, err, .. } => Self::Plays { line, out, err, code: is },
            Apart(why) => Apart(why),
        }
    }
}

const fn beside(situation: &'static str, command: &'static str, does: [Does; 3]) -> Beside {
    Beside { situation, command, does }
}

const NC_FINDS_NO_HOST: &str = "nc: getaddrinfo for host \"a..b\" port 80: Name or service not known";
const NCAT_FINDS_NO_HOST: &str =
    "Ncat: Could not resolve hostname \"a..b\": Name or service not known. QUITTING.";
const FIVE: &str = "I am 1I am 2I am 3I am 4I am 5";
/// What the peer paints, as it is but for the byte that is no text.
const PAINTED: &str = "\u{1b}[31mred\u{7}\u{fffd}\r\n";

/// All of it.
pub const OTHERS: &[Beside] = &[
    beside(
        "refused",
        "send",
        [
            plays("nc 127.0.0.1 PORT").code(1),
            plays("ncat 127.0.0.1 PORT").err("Ncat: Connection refused.").code(1),
            plays("socat - TCP:127.0.0.1:PORT").err("Connection refused").code(1),
        ],
    ),
    beside(
        "unknown host",
        "send",
        [
            plays("nc a..b 80").err(NC_FINDS_NO_HOST).code(1),
            plays("ncat a..b 80").err(NCAT_FINDS_NO_HOST).code(2),
            plays("socat - TCP:a..b:80").err("Name or service not known").code(1),
        ],
    ),
    beside(
        "unknown host",
        "serve",
        [
            plays("nc -l a..b 0").err("nc: getaddrinfo: Name or service not known").code(1),
            plays("ncat -l a..b 0").err(NCAT_FINDS_NO_HOST).code(2),
            plays("socat -u TCP-LISTEN:0,bind=a..b -").err("Name or service not known").code(1),
        ],
    ),
    beside(
        "unknown host",
        "udp-send",
        [
            plays("nc -u a..b 80").err(NC_FINDS_NO_HOST).code(1),
            plays("ncat -u a..b 80").err(NCAT_FINDS_NO_HOST).code(2),
            plays("socat - UDP:a..b:80").err("Name or service not known").code(1),
        ],
    ),
    beside(
        "unknown host",
        "udp-recv",
        [
            plays("nc -u -l a..b 0").err("nc: getaddrinfo: Name or service not known").code(1),
            plays("ncat -u -l a..b 0").err(NCAT_FINDS_NO_HOST).code(2),
            plays("socat -u UDP-RECV:0,bind=a..b -").err("Name or service not known").code(1),
        ],
    ),
    beside(
        "port in use",
        "send",
        [
            plays("nc -p PORT 127.0.0.2 PORT").err("nc: bind failed: Address already in use").code(1),
            plays("ncat -p PORT 127.0.0.2 PORT").err("Address already in use").code(1),
            plays("socat - TCP:127.0.0.2:PORT,sourceport=PORT").err("Address already in use").code(1),
        ],
    ),
    beside(
        "port in use",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT").err("nc: Address already in use").code(1),
            plays("ncat -l 127.0.0.1 PORT")
                .err("Ncat: bind to 127.0.0.1:PORT: Address already in use. QUITTING.")
                .code(2),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -").err("Address already in use").code(1),
        ],
    ),
    beside(
        "port in use",
        "udp-send",
        [
            plays("nc -u -p PORT 127.0.0.2 PORT < <(printf x)")
                .err("nc: bind failed: Address already in use")
                .code(1),
            plays("ncat -u -p PORT 127.0.0.2 PORT < <(printf x)").err("Address already in use").code(1),
            plays("socat - UDP:127.0.0.2:PORT,sourceport=PORT < <(printf x)")
                .err("Address already in use")
                .code(1),
        ],
    ),
    beside(
        "port in use",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT").err("nc: Address already in use").code(1),
            plays("ncat -u -l 127.0.0.1 PORT")
                .err("Ncat: bind to 127.0.0.1:PORT: Address already in use. QUITTING.")
                .code(2),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").err("Address already in use").code(1),
        ],
    ),
    beside(
        "bad port",
        "send",
        [
            plays("nc 127.0.0.1 70000").err("nc: port number too large: 70000").code(1),
            plays("ncat 127.0.0.1 70000").err("Ncat: Invalid port number \"70000\". QUITTING.").code(2),
            plays("socat - TCP:127.0.0.1:70000").err("Connection refused").code(1),
        ],
    ),
    beside(
        "bad port",
        "serve",
        [
            Apart("it listens at 4464, which is 70000 without its highest bit"),
            plays("ncat -l 127.0.0.1 70000").err("Ncat: Invalid port number \"70000\". QUITTING.").code(2),
            Apart("it listens at 4464, which is 70000 without its highest bit"),
        ],
    ),
    beside(
        "bad port",
        "udp-send",
        [
            plays("nc -u 127.0.0.1 x < <(printf y)").err("nc: port number invalid: x").code(1),
            plays("ncat -u 127.0.0.1 x < <(printf y)")
                .err("Ncat: Invalid port number \"x\". QUITTING.")
                .code(2),
            plays("socat - UDP:127.0.0.1:x < <(printf y)")
                .err("Servname not supported for ai_socktype")
                .code(1),
        ],
    ),
    beside(
        "bad port",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 -1").err("nc: invalid option").code(1),
            plays("ncat -u -l 127.0.0.1 -1").err("ncat: invalid option -- '1'").code(2),
            plays("socat -u UDP-RECV:-1,bind=127.0.0.1 -")
                .err("Servname not supported for ai_socktype")
                .code(1),
        ],
    ),
    beside(
        "the peer closes",
        "send",
        [plays("nc 127.0.0.1 PORT"), plays("ncat 127.0.0.1 PORT"), plays("socat - TCP:127.0.0.1:PORT")],
    ),
    beside(
        "the peer closes",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT").out("hello\n"),
            plays("ncat -l 127.0.0.1 PORT").out("hello\n"),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -").out("hello\n"),
        ],
    ),
    beside(
        "the peer resets after data",
        "send",
        [
            plays("nc 127.0.0.1 PORT < <(printf hi)").out("half an ans"),
            plays("ncat 127.0.0.1 PORT < <(printf hi)")
                .out("half an ans")
                .err("Ncat: Connection reset by peer.")
                .code(1),
            plays("socat -t 60 - TCP:127.0.0.1:PORT < <(printf hi)").out("half an ans"),
        ],
    ),
    beside(
        "the peer resets after data",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT").out("half"),
            plays("ncat -l 127.0.0.1 PORT").out("half").code(1),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -").out("half"),
        ],
    ),
    beside(
        "half-close, and the answer 1.5 s later",
        "send",
        [
            plays("nc -N 127.0.0.1 PORT < <(printf hi)").out("to: hi"),
            plays("ncat 127.0.0.1 PORT < <(printf hi)").out("to: hi"),
            plays("socat - TCP:127.0.0.1:PORT < <(printf hi)"),
        ],
    ),
    beside(
        "half-close, and the answer 1.5 s later",
        "serve",
        [
            plays("nc -l -N 127.0.0.1 PORT < <(sleep 1.5; echo late)").out("hello\n"),
            plays("ncat -l 127.0.0.1 PORT < <(sleep 1.5; echo late)").out("hello\n"),
            plays("socat - TCP-LISTEN:PORT,bind=127.0.0.1 < <(sleep 1.5; echo late)").out("hello\n"),
        ],
    ),
    beside(
        "silence",
        "send",
        [
            plays("nc -N -w 1 127.0.0.1 PORT < <(printf hi)"),
            plays("ncat -i 1 127.0.0.1 PORT < <(printf hi)")
                .err("Ncat: Idle timeout expired (1000 ms).")
                .code(1),
            plays("socat -t 1 - TCP:127.0.0.1:PORT < <(printf hi)"),
        ],
    ),
    beside(
        "silence",
        "serve",
        [
            plays("nc -l -w 1 127.0.0.1 PORT"),
            plays("ncat -l -i 1 127.0.0.1 PORT"),
            plays("socat -T 1 -u TCP-LISTEN:PORT,bind=127.0.0.1 -"),
        ],
    ),
    beside(
        "silence",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 PORT < <(printf hi)"),
            plays("ncat -u -i 1 127.0.0.1 PORT < <(printf hi)"),
            plays("socat -t 1 - UDP:127.0.0.1:PORT < <(printf hi)"),
        ],
    ),
    beside(
        "silence",
        "udp-recv",
        [
            plays("nc -u -l -w 1 127.0.0.1 PORT").code(143),
            plays("ncat -u -l -i 1 127.0.0.1 PORT").code(143),
            plays("socat -T 1 -u UDP-RECV:PORT,bind=127.0.0.1 -"),
        ],
    ),
    beside(
        "connect time-out",
        "send",
        [
            plays("nc -w 1 127.0.0.1 PORT").code(1),
            plays("ncat -w 1 127.0.0.1 PORT").err("Ncat: TIMEOUT.").code(1),
            plays("socat - TCP:127.0.0.1:PORT,connect-timeout=1").err("Connection timed out").code(1),
        ],
    ),
    beside(
        "an empty datagram",
        "udp-send",
        [Apart("it sends none"), Apart("it sends none"), plays("socat -u - UDP:127.0.0.1:PORT,shut-null")],
    ),
    beside(
        "an empty datagram",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT"),
            plays("ncat -u -l 127.0.0.1 PORT").code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").code(143),
        ],
    ),
    beside(
        "closed UDP port",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 PORT < <(printf x)"),
            plays("ncat -u -i 1 127.0.0.1 PORT < <(printf x)").err("Ncat: Connection refused.").code(1),
            plays("socat -t 1 - UDP:127.0.0.1:PORT < <(printf x)").err("Connection refused").code(1),
        ],
    ),
    beside(
        "another port answers",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 PORT < <(printf x)"),
            plays("ncat -u -i 1 127.0.0.1 PORT < <(printf x)"),
            plays("socat -t 1 - UDP:127.0.0.1:PORT < <(printf x)"),
        ],
    ),
    beside(
        "broadcast without the option",
        "udp-send",
        [
            plays("nc -u -w 1 127.255.255.255 9 < <(printf x)").code(1),
            plays("ncat -u -i 1 127.255.255.255 9 < <(printf x)"),
            plays("socat -t 1 - UDP:127.255.255.255:9 < <(printf x)").err("Permission denied").code(1),
        ],
    ),
    beside(
        "five clients at once",
        "serve",
        [
            Apart("it serves one at a time, and the fourth does not get into its queue"),
            plays("ncat -l -k 127.0.0.1 PORT").out(FIVE).code(130),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1,fork -").out(FIVE).code(130),
        ],
    ),
    beside(
        "five clients at once",
        "udp-recv",
        [
            plays("nc -u -l -k 127.0.0.1 PORT").out(FIVE).code(143),
            Apart("it hears its first sender only"),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").out(FIVE).code(143),
        ],
    ),
    beside(
        "stdin is closed",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT <&-").out("hello\n"),
            plays("ncat -l 127.0.0.1 PORT <&-")
                .out("hello\n")
                .err("NCAT DEBUG: stdin is closed, attempting to reserve STDIN_FILENO"),
            plays("socat - TCP-LISTEN:PORT,bind=127.0.0.1 <&-").out("hello\n"),
        ],
    ),
    beside(
        "stdin is closed",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 9 <&-"),
            plays("ncat -u -i 1 127.0.0.1 9 <&-").err("Ncat: Idle timeout expired (1000 ms).").code(1),
            plays("socat -t 1 - UDP:127.0.0.1:9 <&-").code(143),
        ],
    ),
    beside(
        "stdin is closed",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT <&-").code(143),
            plays("ncat -u -l 127.0.0.1 PORT <&-")
                .out("hello\n")
                .err("NCAT DEBUG: stdin is closed, attempting to reserve STDIN_FILENO")
                .code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 - <&-").out("hello\n").code(143),
        ],
    ),
    beside(
        "stdin is /dev/null",
        "send",
        [
            plays("nc -N 127.0.0.1 PORT").out("bye\n"),
            plays("ncat 127.0.0.1 PORT").out("bye\n"),
            plays("socat -t 60 - TCP:127.0.0.1:PORT").out("bye\n"),
        ],
    ),
    beside(
        "stdin is /dev/null",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT").out("hello\n"),
            plays("ncat -l 127.0.0.1 PORT").out("hello\n"),
            plays("socat - TCP-LISTEN:PORT,bind=127.0.0.1").out("hello\n"),
        ],
    ),
    beside(
        "stdin is /dev/null",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 9"),
            plays("ncat -u -i 1 127.0.0.1 9"),
            plays("socat -t 1 - UDP:127.0.0.1:9"),
        ],
    ),
    beside(
        "stdin is /dev/null",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT").out("hello\n").code(143),
            plays("ncat -u -l 127.0.0.1 PORT").out("hello\n").code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").out("hello\n").code(143),
        ],
    ),
    beside(
        "stdin stays open",
        "send",
        [
            plays("nc 127.0.0.1 PORT < OPEN").out("bye\n").code(143),
            plays("ncat 127.0.0.1 PORT < OPEN").out("bye\n").code(143),
            plays("socat - TCP:127.0.0.1:PORT < OPEN").out("bye\n"),
        ],
    ),
    beside(
        "stdin stays open",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT < OPEN").out("hello\n"),
            plays("ncat -l 127.0.0.1 PORT < OPEN").out("hello\n"),
            plays("socat - TCP-LISTEN:PORT,bind=127.0.0.1 < OPEN").out("hello\n"),
        ],
    ),
    beside(
        "stdin stays open",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT < OPEN").out("hello\n").code(143),
            plays("ncat -u -l 127.0.0.1 PORT < OPEN").out("hello\n").code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 - < OPEN").out("hello\n").code(143),
        ],
    ),
    beside(
        "stdout is closed early",
        "send",
        [
            plays("nc 127.0.0.1 PORT | head -c 3; echo \" ${PIPESTATUS[0]}\"").out("xxx 0\n"),
            plays("ncat 127.0.0.1 PORT | head -c 3; echo \" ${PIPESTATUS[0]}\"")
                .out("xxx 2\n")
                .err("write: Broken pipe"),
            plays("socat -t 60 - TCP:127.0.0.1:PORT | head -c 3; echo \" ${PIPESTATUS[0]}\"")
                .out("xxx 1\n")
                .err("Broken pipe"),
        ],
    ),
    beside(
        "stdout is closed early",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT | head -c 3; echo \" ${PIPESTATUS[0]}\"").out("xxx 0\n"),
            plays("ncat -l 127.0.0.1 PORT | head -c 3; echo \" ${PIPESTATUS[0]}\"")
                .out("xxx 2\n")
                .err("write: Broken pipe"),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 - | head -c 3; echo \" ${PIPESTATUS[0]}\"")
                .out("xxx 1\n")
                .err("Broken pipe"),
        ],
    ),
    beside(
        "stdout is closed early",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT | head -n 1; echo \" ${PIPESTATUS[0]}\"").out("hello\n 0\n"),
            Apart("it hears its first sender only, and so writes once"),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 - | head -n 1; echo \" ${PIPESTATUS[0]}\"")
                .out("hello\n 1\n")
                .err("Broken pipe"),
        ],
    ),
    beside(
        "escape codes from the peer",
        "send",
        [
            plays("nc -N 127.0.0.1 PORT < <(printf x)").out(PAINTED),
            plays("ncat 127.0.0.1 PORT < <(printf x)").out(PAINTED),
            plays("socat -t 60 - TCP:127.0.0.1:PORT < <(printf x)").out(PAINTED),
        ],
    ),
    beside(
        "escape codes from the peer",
        "serve",
        [
            plays("nc -l 127.0.0.1 PORT").out(PAINTED),
            plays("ncat -l 127.0.0.1 PORT").out(PAINTED),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -").out(PAINTED),
        ],
    ),
    beside(
        "escape codes from the peer",
        "udp-send",
        [
            plays("nc -u 127.0.0.1 PORT < <(printf x)").out(PAINTED).code(143),
            Apart("it is gone at once when its input ends"),
            plays("socat -t 60 - UDP:127.0.0.1:PORT < <(printf x)").out(PAINTED).code(143),
        ],
    ),
    beside(
        "escape codes from the peer",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT").out(PAINTED).code(143),
            plays("ncat -u -l 127.0.0.1 PORT").out(PAINTED).code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").out(PAINTED).code(143),
        ],
    ),
    beside(
        "Ctrl-C",
        "send",
        [
            plays("nc 127.0.0.1 PORT < <(printf hi)").code(130),
            plays("ncat 127.0.0.1 PORT < <(printf hi)").code(130),
            plays("socat -t 60 - TCP:127.0.0.1:PORT < <(printf hi)").code(130),
        ],
    ),
    beside(
        "Ctrl-C",
        "serve",
        [
            plays("nc -l -k 127.0.0.1 PORT").out("hello\n").code(130),
            plays("ncat -l -k 127.0.0.1 PORT").out("hello\n").code(130),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1 -").out("hello\n").code(130),
        ],
    ),
    beside(
        "Ctrl-C",
        "udp-send",
        [
            plays("nc -u 127.0.0.1 PORT < <(printf tick)").code(130),
            Apart("it is gone at once when its input ends"),
            plays("socat -t 60 - UDP:127.0.0.1:PORT < <(printf tick)").code(130),
        ],
    ),
    beside(
        "Ctrl-C",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT").out("hello\n").code(130),
            plays("ncat -u -l 127.0.0.1 PORT").out("hello\n").code(130),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").out("hello\n").code(130),
        ],
    ),
    beside(
        "SIGTERM",
        "send",
        [
            plays("nc 127.0.0.1 PORT < <(printf hi)").code(143),
            plays("ncat 127.0.0.1 PORT < <(printf hi)").code(143),
            plays("socat -t 60 - TCP:127.0.0.1:PORT < <(printf hi)").code(143),
        ],
    ),
    beside(
        "SIGTERM",
        "serve",
        [
            plays("nc -l -k 127.0.0.1 PORT").out("hello\n").code(143),
            plays("ncat -l -k 127.0.0.1 PORT").out("hello\n").code(143),
            plays("socat -u TCP-LISTEN:PORT,bind=127.0.0.1,fork -").out("hello\n").code(143),
        ],
    ),
    beside(
        "SIGTERM",
        "udp-send",
        [
            plays("nc -u 127.0.0.1 PORT < <(printf tick)").code(143),
            Apart("it is gone at once when its input ends"),
            plays("socat -t 60 - UDP:127.0.0.1:PORT < <(printf tick)").code(143),
        ],
    ),
    beside(
        "SIGTERM",
        "udp-recv",
        [
            plays("nc -u -l 127.0.0.1 PORT").out("hello\n").code(143),
            plays("ncat -u -l 127.0.0.1 PORT").out("hello\n").code(143),
            plays("socat -u UDP-RECV:PORT,bind=127.0.0.1 -").out("hello\n").code(143),
        ],
    ),
    beside(
        "20,000 bytes on stdin",
        "udp-send",
        [
            plays("nc -u -w 1 127.0.0.1 PORT < <(head -c 20000 /dev/zero)"),
            plays("ncat -u -i 1 127.0.0.1 PORT < <(head -c 20000 /dev/zero)"),
            plays("socat -t 1 - UDP:127.0.0.1:PORT < <(head -c 20000 /dev/zero)"),
        ],
    ),
    beside(
        "20,000 bytes on stdin",
        "send",
        [
            plays("head -c 20000 /dev/zero | nc -N 127.0.0.1 PORT | wc -c").out("20000\n"),
            plays("head -c 20000 /dev/zero | ncat 127.0.0.1 PORT | wc -c").out("20000\n"),
            plays("head -c 20000 /dev/zero | socat -t 60 - TCP:127.0.0.1:PORT | wc -c").out("20000\n"),
        ],
    ),
    beside(
        "20,000 bytes on stdin",
        "serve",
        [
            Apart("it ends when the client half-closes, whatever it has still to send"),
            Apart("it ends when the client half-closes, whatever it has still to send"),
            plays("socat -t 60 - TCP-LISTEN:PORT,bind=127.0.0.1 < <(head -c 20000 /dev/zero)"),
        ],
    ),
    beside(
        "five clients at once",
        "send",
        [
            Apart("it opens one connection"),
            Apart("it opens one connection"),
            Apart("it opens one connection"),
        ],
    ),
    beside(
        "stdin is closed",
        "send",
        [
            Apart("its socket becomes its standard input: neither half ever ends"),
            Apart("it does not end its half: neither does a peer that waits for that"),
            Apart("its socket becomes its standard input: neither half ever ends"),
        ],
    ),
    beside(
        "stdin stays open",
        "udp-send",
        [
            Apart("what it sends is its standard input: there is no such case"),
            Apart("what it sends is its standard input: there is no such case"),
            Apart("what it sends is its standard input: there is no such case"),
        ],
    ),
    beside(
        "stdout is closed early",
        "udp-send",
        [
            Apart("it prints answers only, and there are none"),
            Apart("it prints answers only, and there are none"),
            Apart("it prints answers only, and there are none"),
        ],
    ),
];
