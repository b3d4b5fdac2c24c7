//! The shape of the verb table: what a verb and its operands are. The rows are in `verbs`.

use super::step::Keyword;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A passive TCP or unix socket.
    Listener,
    /// A connected TCP or unix stream.
    Stream,
    /// A UDP or unix datagram socket.
    Datagram,
    /// A spawned process.
    Process,
}

impl Kind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Stream => "stream",
            Self::Datagram => "datagram socket",
            Self::Process => "process",
        }
    }
}

/// A set of kinds that an operand accepts.
pub type Kinds = &'static [Kind];

/// Which half of a socket a step needs for itself while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// None: it only looks, or only uses the address.
    Neither,
    /// The sending half.
    Sending,
    /// The receiving half.
    Receiving,
    /// Both halves.
    Both,
}

impl Half {
    /// Whether two users of these halves are in each other's way.
    pub fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Neither, _) | (_, Self::Neither) => false,
            (Self::Both, _) | (_, Self::Both) => true,
            (one, other) => one == other,
        }
    }

    /// That this half of `name` is with somebody: the beginning of a sentence that says with whom.
    pub fn is_of(self, name: &str) -> String {
        match self {
            Self::Neither => format!("the address of `{name}` is"),
            Self::Sending => format!("the sending half of `{name}` is"),
            Self::Receiving => format!("the receiving half of `{name}` is"),
            Self::Both => format!("both halves of `{name}` are"),
        }
    }
}

/// What an operand's value is.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// The name of the socket or process that the step opens.
    Opens(Kind),
    /// The name of an open one.
    Uses(Kinds, Half),
    /// A list of two open ones.
    Pair(Kinds, Half),
    /// An address.
    Address,
    /// An address, or the name of a socket whose address is meant.
    Place(Kinds),
    /// A duration.
    Duration,
    /// A number of bytes.
    Size,
    /// A whole number.
    Count,
    /// `true` or `false`.
    Bool,
    /// A text in which `${…}` is replaced.
    Text,
    /// A list of texts.
    Texts,
    /// A map of texts.
    TextMap,
    /// A map of socket options.
    Options,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// The name of the variable that the step defines.
    Saves,
    /// A file beside the scenario.
    File,
    /// A list of steps.
    Steps,
    /// The name inside a block that each run of it opens.
    Inner(Kind),
    /// Rules of `answer`.
    Rules,
    /// The condition of `spawn`'s readiness.
    Ready,
}

/// One operand of a verb.
#[derive(Debug, Clone, Copy)]
pub struct Operand {
    /// Its key in a file.
    pub name: &'static str,
    /// What its value is.
    pub takes: Takes,
    /// Whether a step must have it.
    pub required: bool,
    /// Whether it may stand without its key at the prompt, in the order of the table.
    pub positional: bool,
    /// One clause for help and reference.
    pub help: &'static str,
}

impl Operand {
    const fn new(name: &'static str, takes: Takes, help: &'static str) -> Self {
        Self { name, takes, required: false, positional: false, help }
    }
}

/// An operand that a step must have and that is positional at the prompt.
pub const fn required(name: &'static str, takes: Takes, help: &'static str) -> Operand {
    Operand { required: true, positional: true, ..Operand::new(name, takes, help) }
}

/// An operand that a step may leave out and that is positional at the prompt.
pub const fn positional(name: &'static str, takes: Takes, help: &'static str) -> Operand {
    Operand { positional: true, ..Operand::new(name, takes, help) }
}

/// An operand that a step may leave out, written as `key=value` at the prompt.
pub const fn optional(name: &'static str, takes: Takes, help: &'static str) -> Operand {
    Operand::new(name, takes, help)
}

/// What a step holds besides its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// Exactly one payload form.
    Payload,
    /// Exactly one pattern.
    Pattern,
    /// One or more socket options.
    Settings,
    /// One or more facts or options, or a comparison.
    Facts,
    /// The map itself: lane name to steps.
    Lanes,
}

/// A verb: one row of the table that files, prompt, completion, help, reference and schema share.
pub struct Verb {
    /// What code knows it by.
    pub keyword: Keyword,
    /// The word.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Its operands; the positional ones in prompt order.
    pub operands: &'static [Operand],
    /// What else it holds.
    pub body: Body,
    /// Whether it holds its lane until it is done, without a deadline unless one is given.
    pub holds: bool,
    /// Whether what `at` names is closed afterwards.
    pub closes: bool,
    /// A step as a file says it, as YAML.
    pub example: &'static str,
}

impl Verb {
    /// The operand called `name`.
    pub fn operand(&self, name: &str) -> Option<&'static Operand> {
        self.operands.iter().find(|operand| operand.name == name)
    }

    /// The operand that a plain value stands for: the only one required, where nothing else is.
    pub fn plain_operand(&self) -> Option<&'static Operand> {
        let mut required = self.operands.iter().filter(|operand| operand.required);
        match (required.next(), required.next(), self.body) {
            (Some(one), None, Body::None) => Some(one),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
