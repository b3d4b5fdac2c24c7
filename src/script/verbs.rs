//! The verb table: the one place that knows verbs, operands, their order, help and examples.

use super::choice::{Frame, Otherwise, Side, Word as _};
use super::forms::SIGNALS;
use super::step::Keyword;
use super::verb::{Body, Half, Kind, Operand, Takes, Verb, optional, positional, required};

const LISTENER: &[Kind] = &[Kind::Listener];
const STREAM: &[Kind] = &[Kind::Stream];
const DATAGRAM: &[Kind] = &[Kind::Datagram];
const PROCESS: &[Kind] = &[Kind::Process];
const SOCKET: &[Kind] = &[Kind::Listener, Kind::Stream, Kind::Datagram];
const TALKING: &[Kind] = &[Kind::Stream, Kind::Datagram];
const SPEAKING: &[Kind] = &[Kind::Stream, Kind::Datagram, Kind::Process];
const PIPE: &[Kind] = &[Kind::Stream, Kind::Process];

const FRAMES: Takes = Takes::OneOf(Frame::WORDS);
const REUSE_ADDRESS: Operand = optional("reuse_address", Takes::Bool, "set SO_REUSEADDR before binding");
const REUSE_PORT: Operand = optional("reuse_port", Takes::Bool, "set SO_REUSEPORT before binding");
const OPTIONS: Operand = optional("options", Takes::Options, "socket options set before anything else");

/// Operands that every step may have.
pub const COMMON: &[Operand] = &[
    optional("within", Takes::Duration, "the deadline of this step"),
    optional("after", Takes::Duration, "the step must not finish sooner"),
    optional("fails", Takes::Text, "the kind of failure that must happen; any other outcome is a failure"),
];

/// Every verb, in the order of the reference page.
pub static VERBS: &[Verb] = &[
    Verb {
        keyword: Keyword::Listen,
        name: "listen",
        summary: "bind and listen: a passive socket, its address known before the next step",
        operands: &[
            required("as", Takes::Opens(Kind::Listener), "the new listener"),
            required("at", Takes::Address, "where; port 0 asks for a free one"),
            optional("backlog", Takes::Count, "how many connections may wait; 4096 unless given"),
            REUSE_ADDRESS,
            REUSE_PORT,
            optional("only_v6", Takes::Bool, "take IPv6 only (IPV6_V6ONLY)"),
            OPTIONS,
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "listen: { as: server, at: 127.0.0.1:0 }",
    },
    Verb {
        keyword: Keyword::Accept,
        name: "accept",
        summary: "take the next connection out of the queue: a new socket for this one client",
        operands: &[
            required("as", Takes::Opens(Kind::Stream), "the new socket"),
            required("at", Takes::Uses(LISTENER, Half::Receiving), "the listener"),
            optional("frame", FRAMES, "make messages of the stream: a length before each, or LF after each"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "accept: { as: conn, at: server }",
    },
    Verb {
        keyword: Keyword::Connect,
        name: "connect",
        summary: "active open: a stream to a listener or an address",
        operands: &[
            required("as", Takes::Opens(Kind::Stream), "the new socket"),
            required("to", Takes::Place(SOCKET), "a listener by name, or an address"),
            optional("bind", Takes::Address, "the local address to connect from"),
            optional(
                "retry",
                Takes::Duration,
                "try again for so long while refused or not answered; `within` is the time of each try",
            ),
            optional("frame", FRAMES, "make messages of the stream: a length before each, or LF after each"),
            OPTIONS,
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "connect: { as: client, to: server }",
    },
    Verb {
        keyword: Keyword::Bind,
        name: "bind",
        summary: "a datagram socket; with `to` it is connected: only that peer, ICMP refusals surface",
        operands: &[
            required("as", Takes::Opens(Kind::Datagram), "the new socket"),
            required("at", Takes::Address, "where; port 0 asks for a free one"),
            optional("to", Takes::Place(DATAGRAM), "the only peer"),
            optional("broadcast", Takes::Bool, "permit broadcast addresses (SO_BROADCAST)"),
            optional("join", Takes::Text, "multicast group to join"),
            optional("interface", Takes::Text, "interface of the group, by address or name"),
            optional("ttl", Takes::Count, "time to live of what is sent, multicast too"),
            REUSE_ADDRESS,
            REUSE_PORT,
            OPTIONS,
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "bind: { as: receiver, at: 127.0.0.1:0 }",
    },
    Verb {
        keyword: Keyword::Tls,
        name: "tls",
        summary: "from here on this stream is TLS; a server without `cert` makes one",
        operands: &[
            required("at", Takes::Uses(STREAM, Half::Both), "the stream"),
            required("as", Takes::OneOf(&["client", "server"]), "which side of the handshake"),
            optional("name", Takes::Text, "the server name to ask for and to verify (SNI)"),
            optional(
                "ca",
                Takes::File,
                "PEM file to trust instead of the system's roots; a server wants a certificate of its clients then",
            ),
            optional("insecure", Takes::Bool, "accept any certificate"),
            optional("alpn", Takes::Texts, "protocols to offer or accept (ALPN)"),
            optional("cert", Takes::File, "PEM file with the certificate chain, of a client too"),
            optional("key", Takes::File, "PEM file with the private key"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "tls: { at: client, as: client, insecure: true }",
    },
    Verb {
        keyword: Keyword::Send,
        name: "send",
        summary: "write all of a payload",
        operands: &[
            required("from", Takes::Uses(SPEAKING, Half::Sending), "the socket to send from"),
            optional("to", Takes::Place(DATAGRAM), "where a datagram goes"),
            optional("chunk", Takes::Size, "send in pieces of this size"),
            optional("every", Takes::Duration, "time from one piece to the next"),
            optional("more", Takes::Bool, "say that more will come (MSG_MORE)"),
            optional("urgent", Takes::Bool, "the last byte is urgent (MSG_OOB)"),
        ],
        body: Body::Payload,
        holds: false,
        closes: false,
        example: r#"send: { from: client, text: "hello" }"#,
    },
    Verb {
        keyword: Keyword::Recv,
        name: "recv",
        summary: "one recv call: takes what comes, judges nothing, says its length; 0 is the end of the stream",
        operands: &[
            required("at", Takes::Uses(SPEAKING, Half::Receiving), "the socket to receive at"),
            optional("max", Takes::Size, "largest number of bytes to take; 1024 unless given"),
            optional("save", Takes::Saves, "keep the bytes in this variable"),
            optional("urgent", Takes::Bool, "take the urgent byte (MSG_OOB)"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "recv: { at: conn, max: 1024 }",
    },
    Verb {
        keyword: Keyword::Expect,
        name: "expect",
        summary: "read until the pattern holds or cannot hold any more, and judge",
        operands: &[
            required("at", Takes::Uses(SPEAKING, Half::Receiving), "the socket to receive at"),
            optional("from", Takes::Place(DATAGRAM), "who must have sent the datagram"),
            optional("save", Takes::Saves, "keep the bytes taken in this variable"),
        ],
        body: Body::Pattern,
        holds: false,
        closes: false,
        example: r#"expect: { at: conn, text: "hello" }"#,
    },
    Verb {
        keyword: Keyword::Shutdown,
        name: "shutdown",
        summary: "half-close: no more will be sent, or received",
        operands: &[
            required("at", Takes::Uses(PIPE, Half::Sending), "the stream"),
            positional("side", Takes::OneOf(Side::WORDS), "which half; write unless given"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "shutdown: { at: client, side: write }",
    },
    Verb {
        keyword: Keyword::Close,
        name: "close",
        summary: "close a socket gracefully, of any kind",
        operands: &[required("at", Takes::Uses(SOCKET, Half::Both), "the socket")],
        body: Body::None,
        holds: false,
        closes: true,
        example: "close: client",
    },
    Verb {
        keyword: Keyword::Abort,
        name: "abort",
        summary: "close a TCP stream with a reset",
        operands: &[required("at", Takes::Uses(STREAM, Half::Both), "the stream")],
        body: Body::None,
        holds: false,
        closes: true,
        example: "abort: client",
    },
    Verb {
        keyword: Keyword::Set,
        name: "set",
        summary: "set socket options",
        operands: &[required("at", Takes::Uses(SOCKET, Half::Both), "the socket")],
        body: Body::Settings,
        holds: false,
        closes: false,
        example: "set: { at: client, nodelay: true }",
    },
    Verb {
        keyword: Keyword::Check,
        name: "check",
        summary: "wait until what the kernel says of a socket, or a value, is so",
        operands: &[
            positional("at", Takes::Uses(SOCKET, Half::Neither), "the socket"),
            optional("fact", Takes::Text, "the fact or option to compare"),
            optional("value", Takes::Text, "a value to compare instead"),
            optional("equals", Takes::Text, "must be this"),
            optional("differs", Takes::Text, "must not be this"),
            optional("matches", Takes::Text, "must match this regular expression, whole"),
            optional("contains", Takes::Text, "must hold this"),
            optional("at_least", Takes::Text, "must not be less"),
            optional("at_most", Takes::Text, "must not be more"),
        ],
        body: Body::Facts,
        holds: false,
        closes: false,
        example: "check: { at: conn, state: close-wait }",
    },
    Verb {
        keyword: Keyword::Echo,
        name: "echo",
        summary: "send back what comes until the peer ends",
        operands: &[required("at", Takes::Uses(TALKING, Half::Both), "the socket")],
        body: Body::None,
        holds: true,
        closes: false,
        example: "echo: conn",
    },
    Verb {
        keyword: Keyword::Discard,
        name: "discard",
        summary: "receive and drop what comes until the peer ends",
        operands: &[required("at", Takes::Uses(TALKING, Half::Receiving), "the socket")],
        body: Body::None,
        holds: true,
        closes: false,
        example: "discard: conn",
    },
    Verb {
        keyword: Keyword::Answer,
        name: "answer",
        summary: "match, reply, repeat until the peer ends; CR and LF before a message of a stream are skipped",
        operands: &[
            required("at", Takes::Uses(TALKING, Half::Both), "the socket"),
            required("rules", Takes::Rules, "what to answer to what, the first that holds wins"),
            optional(
                "otherwise",
                Takes::OneOf(Otherwise::WORDS),
                "when no rule can hold any more, also because the peer has half-closed; wait unless given",
            ),
            optional("strict", Takes::Bool, "fail in the end, where no rule matched something that came"),
        ],
        body: Body::None,
        holds: true,
        closes: false,
        example: r#"answer: { at: conn, rules: [{ matches: 'PING\r\n', reply: { text: "PONG\r\n" } }], otherwise: close }"#,
    },
    Verb {
        keyword: Keyword::Relay,
        name: "relay",
        summary: "copy both ways, keeping half-closes and resets, until both sides end",
        operands: &[required("between", Takes::Pair(TALKING, Half::Both), "the two sockets")],
        body: Body::None,
        holds: true,
        closes: false,
        example: "relay: { between: [conn, upstream] }",
    },
    Verb {
        keyword: Keyword::Sleep,
        name: "sleep",
        summary: "let time pass, for protocols that need it",
        operands: &[required("duration", Takes::Duration, "how long")],
        body: Body::None,
        holds: false,
        closes: false,
        example: "sleep: 50ms",
    },
    Verb {
        keyword: Keyword::Parallel,
        name: "parallel",
        summary: "all lanes at once; the join is the only barrier. Lanes share names, and each half of a stream belongs to one",
        operands: &[],
        body: Body::Lanes,
        holds: true,
        closes: false,
        example: "parallel: { client: [{ send: { from: client, text: hi } }], server: [{ expect: { at: conn, text: hi } }] }",
    },
    Verb {
        keyword: Keyword::Each,
        name: "each",
        summary: "in the background, these steps for every connection the listener accepts, until it is closed; what had come when the last step held is judged, then those still running are cancelled",
        operands: &[
            required("at", Takes::Uses(LISTENER, Half::Receiving), "the listener"),
            required("as", Takes::Inner(Kind::Stream), "the name of the connection inside"),
            required("steps", Takes::Steps, "what to do with each"),
        ],
        body: Body::None,
        holds: true,
        closes: false,
        example: "each: { at: server, as: conn, steps: [{ echo: conn }] }",
    },
    Verb {
        keyword: Keyword::Repeat,
        name: "repeat",
        summary: "these steps so many times; names opened inside are fresh each time; ${i} counts from 1",
        operands: &[
            required("times", Takes::Count, "how many times"),
            optional("pause", Takes::Duration, "time between one round and the next"),
            required("steps", Takes::Steps, "what to do"),
        ],
        body: Body::None,
        holds: true,
        closes: false,
        example: "repeat: { times: 3, steps: [{ note: \"round ${i}\" }] }",
    },
    Verb {
        keyword: Keyword::Include,
        name: "include",
        summary: "the steps of another file, sharing names",
        operands: &[
            required("file", Takes::File, "the file, relative to this one"),
            optional("vars", Takes::TextMap, "variables for it"),
        ],
        body: Body::None,
        holds: true,
        closes: false,
        example: "include: { file: greeting.yaml, vars: { who: alice } }",
    },
    Verb {
        keyword: Keyword::Spawn,
        name: "spawn",
        summary: "a process in its own group: its stdout is a stream to expect at, its stdin takes send",
        operands: &[
            required("as", Takes::Opens(Kind::Process), "the new process"),
            required(
                "run",
                Takes::Texts,
                "program and arguments; no shell; a program named by a path, such as ./server, is relative to the scenario",
            ),
            optional("env", Takes::TextMap, "environment variables to add"),
            optional(
                "cwd",
                Takes::Text,
                "working directory, relative to the scenario; a temporary one of its own unless given",
            ),
            optional("ready", Takes::Ready, "what shows that it is ready: listening, output or connect"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: r#"spawn: { as: app, run: [redis-server, --port, "${port.app}"], ready: { listening: "127.0.0.1:${port.app}" } }"#,
    },
    Verb {
        keyword: Keyword::Stop,
        name: "stop",
        summary: "end a process group with a signal and wait for the process to end",
        operands: &[
            required("at", Takes::Uses(PROCESS, Half::Neither), "the process"),
            positional("signal", Takes::OneOf(SIGNALS), "which; TERM unless given"),
        ],
        body: Body::None,
        holds: false,
        closes: false,
        example: "stop: { at: app, signal: TERM }",
    },
    Verb {
        keyword: Keyword::Note,
        name: "note",
        summary: "a line in the trace",
        operands: &[required("text", Takes::Text, "the line")],
        body: Body::None,
        holds: false,
        closes: false,
        example: "note: the client has left",
    },
];

/// The verb called `name`.
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}
