//! The tables beside that of the verbs: keys of a head, payload forms, patterns, signals.

/// Signals that `stop` sends and `exit` names.
pub const SIGNALS: &[&str] =
    &["TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2", "ABRT", "SEGV", "PIPE", "ALRM"];

/// The keys of a scenario's head, in the order of the reference page.
pub const HEAD: &[(&str, &str)] = &[
    ("name", "one sentence saying the situation; unique in the file; the file's stem unless given"),
    ("about", "what it shows and why"),
    ("tags", "words to select by"),
    ("requires", "what the machine must offer, else the scenario is skipped with the reason"),
    ("within", "the deadline of every step that names none; 5s unless given"),
    ("vars", "variables, name: text; `--set name=text` overrides one"),
    ("cases", "a list of maps: the scenario runs once a row, with the row's names as variables"),
    ("serial", "scenarios with the same word here never overlap"),
    ("steps", "what happens"),
    ("finally", "steps that run whatever happened; one whose name was never opened is skipped and noted"),
];

/// A payload form or pattern: key and one clause for help and reference.
pub type Form = (&'static str, &'static str);

/// The forms of a payload, exactly one in a step that sends.
pub const PAYLOADS: &[Form] = &[
    ("text", "the UTF-8 bytes of the text, as they are"),
    ("lines", "a list of texts, CR LF after each"),
    ("bytes", "escaped notation: \\r \\n \\t \\0 \\e \\\\ \\xNN"),
    ("hex", "hex digits, blanks free; in a pattern ?? is any byte"),
    ("base64", "base64"),
    ("file", "the bytes of a file beside the scenario; a pipe is read once, for all steps that name it"),
    ("zeros", "so many zero bytes"),
    ("random", "size and seed: the same bytes for the same seed"),
    (
        "sequence",
        "so many bytes that count themselves, 8-byte big-endian numbers: order and loss can be seen",
    ),
];

/// What `times` beside a payload form does.
pub const TIMES: Form = ("times", "the payload so many times");

/// The patterns besides the payload forms, exactly one in an `expect`.
pub const PATTERNS: &[Form] = &[
    ("contains", "somewhere in what comes, through its end"),
    ("starts", "at the beginning"),
    ("matches", "a regular expression on bytes, from the next byte on"),
    ("until", "everything through this delimiter"),
    ("size", "so many bytes, whatever they are"),
    (
        "eof",
        "the peer's FIN, or with TLS its `close_notify` or a FIN without one, which is told as such; no reset",
    ),
    ("reset", "the peer's reset"),
    ("silence", "nothing at all for so long: no byte, no end, no reset"),
    ("any_of", "a list of patterns, one of which must hold"),
    ("exit", "how the process ended: a number or a signal"),
];

/// The keys of every payload form, and of every pattern where those are wanted too.
pub(super) fn form_names(patterns: bool) -> impl Iterator<Item = &'static str> + Clone {
    let more = PATTERNS.iter().filter(move |_| patterns);
    PAYLOADS.iter().chain(more).chain([&TIMES]).map(|(name, _)| *name)
}
