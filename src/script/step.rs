//! `Scenario` and `Step`: the language after checking. Everything here is proven: names are open
//! when they are used, patterns compile, addresses parse.

pub use super::choice::{Frame, Otherwise, Side, Word};
pub use super::name::Name;
use super::pattern::Pattern;
use super::recipe::Content;
use super::regex::Regex;
pub use super::requirement::Requirement;
use super::template::Template;
use crate::text::{ErrorKind, Fact, OptionValue, Place, SocketOption};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A scenario that can run; only the checker makes one.
#[derive(Debug)]
pub struct Scenario {
    /// One sentence saying the situation, with the row of `cases` in brackets.
    pub name: String,
    /// The row of `cases` that it is, as in its name.
    pub case: Option<String>,
    /// What it shows and why.
    pub about: Option<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// What the machine must offer.
    pub requires: Vec<Requirement>,
    /// The deadline of every step that names none.
    pub within: Duration,
    /// Scenarios with the same word never overlap.
    pub serial: Option<String>,
    /// What happens.
    pub steps: Vec<Step>,
    /// What happens in any case.
    pub finally: Vec<Step>,
    /// The file's name and the scenario's first line.
    pub place: Place,
    /// The directory that relative files are in.
    pub directory: PathBuf,
}

/// One step that can run.
#[derive(Debug)]
pub struct Step {
    /// Its number in the scenario, in the order written, from 1.
    pub number: u32,
    /// The verb's word.
    pub verb: &'static str,
    /// Where the verb stands.
    pub place: Place,
    /// The step in one line, as at the prompt.
    pub line: Arc<str>,
    /// The deadline, where the step names one.
    pub within: Option<Duration>,
    /// The step must not finish sooner.
    pub after: Option<Duration>,
    /// The kind of failure that must happen.
    pub fails: Option<ErrorKind>,
    /// Whether it holds its lane without a deadline.
    pub holds: bool,
    /// What to do.
    pub action: Action,
}

impl Step {
    /// Gives this deadline to the step and to those inside it, where they name none.
    pub fn default_within(&mut self, within: Duration) {
        if !self.holds {
            self.within.get_or_insert(within);
        }
        let inside: Vec<&mut Step> = match &mut self.action {
            Action::Parallel(lanes) => lanes.iter_mut().flat_map(|lane| &mut lane.steps).collect(),
            Action::Each(each) => Arc::get_mut(&mut each.steps).into_iter().flatten().collect(),
            Action::Repeat { steps, .. } | Action::Include { steps, .. } => steps.iter_mut().collect(),
            _ => Vec::new(),
        };
        for step in inside {
            step.default_within(within);
        }
    }
}

/// Which verb a step has; its word and its sentence are in the verb table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is a verb: its sentence is in the verb table")]
pub enum Keyword {
    Listen,
    Accept,
    Connect,
    Bind,
    Tls,
    Send,
    Recv,
    Expect,
    Shutdown,
    Close,
    Abort,
    Set,
    Check,
    Echo,
    Discard,
    Answer,
    Relay,
    Sleep,
    Parallel,
    Each,
    Repeat,
    Include,
    Spawn,
    Stop,
    Note,
}

/// What a step does.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is a verb: its sentence is in the verb table")]
pub enum Action {
    Listen(Listen),
    Accept(Accept),
    Connect(Connect),
    Bind(Bind),
    Tls(Tls),
    Send(Send),
    Recv(Recv),
    Expect(Expect),
    Shutdown { at: Name, side: Side },
    Close { at: Name },
    Abort { at: Name },
    Set { at: Name, options: Options },
    Check(Check),
    Echo { at: Name },
    Discard { at: Name },
    Answer(Answer),
    Relay { between: (Name, Name) },
    Sleep(Duration),
    Parallel(Vec<Lane>),
    Each(Each),
    Repeat { times: u64, pause: Duration, steps: Vec<Step> },
    Include { file: String, steps: Vec<Step> },
    Spawn(Spawn),
    Stop { at: Name, signal: &'static str },
    Note(Template),
}

/// Socket options and their values, in the order written.
pub type Options = Vec<(SocketOption, OptionValue)>;

/// Where something goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// An address; parsed when its holes are filled.
    Address(Template),
    /// The local address of a socket.
    Socket(Name),
}

/// Operands of `listen`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Listen {
    pub name: Name,
    pub at: Template,
    pub backlog: Option<u32>,
    pub reuse_address: bool,
    pub reuse_port: bool,
    pub only_v6: bool,
    pub options: Options,
}

/// Operands of `accept`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Accept {
    pub name: Name,
    pub at: Name,
    pub frame: Option<Frame>,
}

/// Operands of `connect`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Connect {
    pub name: Name,
    pub to: Destination,
    pub bind: Option<Template>,
    pub retry: Option<Duration>,
    pub frame: Option<Frame>,
    pub options: Options,
}

/// Operands of `bind`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Bind {
    pub name: Name,
    pub at: Template,
    pub to: Option<Destination>,
    pub broadcast: bool,
    pub join: Option<Template>,
    pub interface: Option<Template>,
    pub ttl: Option<u32>,
    pub reuse_address: bool,
    pub reuse_port: bool,
    pub options: Options,
}

/// Operands of `tls`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Tls {
    pub at: Name,
    pub server: bool,
    pub name: Option<Template>,
    pub ca: Option<Template>,
    pub insecure: bool,
    pub alpn: Vec<Template>,
    pub cert: Option<Template>,
    pub key: Option<Template>,
}

/// Operands of `send`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Send {
    pub from: Name,
    pub content: Content,
    pub to: Option<Destination>,
    pub chunk: Option<u64>,
    pub every: Option<Duration>,
    pub more: bool,
    pub urgent: bool,
}

/// Operands of `recv`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Recv {
    pub at: Name,
    pub max: usize,
    pub save: Option<Name>,
    pub urgent: bool,
}

/// Operands of `expect`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Expect {
    pub at: Name,
    pub pattern: Pattern,
    pub from: Option<Destination>,
    pub save: Option<Name>,
}

/// Operands of `check`: everything that must hold at once.
#[derive(Debug)]
pub struct Check {
    /// What is compared with what.
    pub conditions: Vec<Condition>,
}

/// One comparison of `check`.
#[derive(Debug)]
pub struct Condition {
    /// What is looked at.
    pub subject: Subject,
    /// What must hold of it.
    pub test: Test,
}

/// What `check` looks at.
#[derive(Debug)]
pub enum Subject {
    /// What the kernel knows of a socket.
    Fact(Name, Fact),
    /// An option of a socket.
    Option(Name, SocketOption),
    /// A text.
    Value(Template),
}

/// What must hold of it.
#[derive(Debug)]
#[allow(missing_docs, reason = "each variant is an operand of `check`: its sentence is in the verb table")]
pub enum Test {
    Equals(Template),
    Differs(Template),
    Matches(Regex),
    Contains(Template),
    AtLeast(Template),
    AtMost(Template),
}

/// Operands of `answer`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Answer {
    pub at: Name,
    pub rules: Vec<Rule>,
    pub otherwise: Otherwise,
    pub strict: bool,
}

impl Answer {
    /// Whether this byte is skipped before a message of a stream: a line that a rule has taken may end after it.
    pub fn skips(byte: u8) -> bool {
        matches!(byte, b'\r' | b'\n')
    }
}

/// One rule of `answer`.
#[derive(Debug)]
pub struct Rule {
    /// What must come.
    pub pattern: Pattern,
    /// What is sent then.
    pub reply: Option<Content>,
    /// What follows the reply.
    pub then: Option<Otherwise>,
}

/// One lane of `parallel`.
#[derive(Debug)]
pub struct Lane {
    /// Its name.
    pub name: Name,
    /// What happens in it.
    pub steps: Vec<Step>,
}

/// Operands of `each`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Each {
    pub at: Name,
    pub name: Name,
    pub steps: Arc<Vec<Step>>,
}

/// Operands of `spawn`.
#[derive(Debug)]
#[allow(missing_docs, reason = "each field is an operand: its sentence is in the verb table")]
pub struct Spawn {
    pub name: Name,
    pub run: Vec<Template>,
    pub env: Vec<(String, Template)>,
    pub cwd: Option<Template>,
    pub ready: Option<Ready>,
    /// The directory that a relative `cwd` and a program named by a relative path begin in.
    pub directory: PathBuf,
}

/// What shows that a process is ready.
#[derive(Debug)]
pub enum Ready {
    /// A socket listens at this address; only looks, sends nothing.
    Listening(Template),
    /// The output holds this.
    Output(Pattern),
    /// A connection to this address succeeds; the server sees it as a client.
    Connect(Template),
}
