//! The steps that `send` is: connect, tls, send…, shutdown, expect…, close.

use super::address::{self, Here, Protocol, Use};
use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::payload::{self, STDIN};
use super::send_args::Args;
use super::stdin::{LARGE, Pace, Pieces};
use crate::script::draft::DraftStep;
use crate::script::node::Node;
use crate::script::step::Step;
use crate::text::{Address, Diagnostic, format_duration, format_size};
use std::time::Duration;

/// The stream's name in the steps.
pub(super) const CLIENT: &str = "client";
/// How long the peer has to answer where nothing says.
const WAIT: Duration = Duration::from_secs(5);
/// How long a connect may take where nothing says.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a step of a scenario may take that sends much, or receives while that is sent: the command waits for as
/// long as something passes, a step has a limit.
const LONG: Duration = Duration::from_mins(1);
/// `--pattern` counts anew after so many bytes: a buffer is made once and sent again.
const PATTERN: u64 = 1 << 20;
/// Pieces a second of `--rate`.
const TICKS: u64 = 50;

/// The steps of one conversation, in groups.
#[derive(Debug)]
pub(super) struct Plan {
    opening: Vec<DraftStep>,
    sending: Vec<DraftStep>,
    then: Vec<DraftStep>,
    receiving: Vec<DraftStep>,
    ending: Vec<DraftStep>,
    /// How standard input is read, if it is.
    pub input: Option<Pieces>,
    /// What is expected stands among what is sent: nothing else is received.
    pub expects_within: bool,
    /// How long to wait for more.
    pub wait: Duration,
}

/// The same groups of steps, checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub opening: &'a [Step],
    pub sending: &'a [Step],
    pub then: &'a [Step],
    pub receiving: &'a [Step],
    pub ending: &'a [Step],
}

impl Plan {
    /// All steps, in order.
    pub fn steps(&self) -> Vec<DraftStep> {
        let groups = [&self.opening, &self.sending, &self.then, &self.receiving, &self.ending];
        groups.into_iter().flatten().cloned().collect()
    }

    /// The steps of the checked scenario in their groups.
    pub fn parts<'a>(&self, steps: &'a [Step]) -> Parts<'a> {
        let mut rest = steps;
        let mut next = |group: &Vec<DraftStep>| {
            let (taken, others) = rest.split_at(group.len().min(rest.len()));
            rest = others;
            taken
        };
        Parts {
            opening: next(&self.opening),
            sending: next(&self.sending),
            then: next(&self.then),
            receiving: next(&self.receiving),
            ending: next(&self.ending),
        }
    }

    /// The steps as a scenario says them: what a conversation receives without expecting it is discarded, and
    /// the peer has to end cleanly. What is `large` is sent in a lane of its own, with time for it: the peer may answer
    /// before it has everything, and would not read on if nobody read that.
    pub fn as_scenario(&self, large: bool, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
        let (mut sending, mut receiving, mut ending) =
            (self.sending.clone(), self.receiving.clone(), self.ending.clone());
        let talks = !self.sending.is_empty() || !self.then.is_empty();
        if self.receiving.is_empty() && !self.expects_within && talks && !self.wait.is_zero() {
            let wait = if large { self.wait.max(LONG) } else { self.wait };
            let at = || drafting.value(CLIENT);
            let within = drafting.value(format_duration(wait));
            receiving.push(drafting.step("discard")?.with("at", at()).with("within", within));
            ending.insert(0, drafting.step("expect")?.with("at", at()).with("eof", drafting.value("true")));
        }
        if large {
            let within = || drafting.value(format_duration(LONG));
            sending = sending.into_iter().map(|step| step.with("within", within())).collect();
        }
        sending.extend(self.then.iter().cloned());
        if large && !receiving.is_empty() {
            let lanes = drafting.step("parallel")?.with("sending", drafting.steps(&sending));
            sending = vec![lanes.with("receiving", drafting.steps(&std::mem::take(&mut receiving)))];
        }
        Ok([self.opening.clone(), sending, receiving, ending].concat())
    }
}

/// Makes the plan; the first mistake in the arguments ends that.
pub(super) fn plan(args: &Args, arguments: &Arguments) -> Result<Plan, Problem> {
    let drafting = Drafting { arguments };
    let taken = address::take(
        &args.words,
        Protocol::Tcp,
        Use::Destination(Here::of(args.connecting.ipv6, args.connecting.source.as_deref())),
    )
    .map_err(|error| {
        let place = arguments.place(args.words.first().map(String::as_str).unwrap_or_default());
        Box::new(Diagnostic::error(error.what, &place).maybe_help(error.help))
    })?;
    let data = args.words.get(taken.words..).unwrap_or_default();
    if let (true, Some(word)) = (args.connecting.probe, data.first()) {
        let problem = Diagnostic::error("`-z` sends nothing, and looks at one port", &arguments.place(word));
        return Err(Box::new(problem.help("leave this out, or leave `-z` out to send it")));
    }
    if args.abort && matches!(taken.address, Address::Unix(_)) {
        let problem = Diagnostic::error("a unix socket cannot be reset", &arguments.place("--abort"));
        return Err(Box::new(problem.help("leave `--abort` out: `--no-shutdown --wait 0` closes at once")));
    }
    let planning = Planning { args, drafting: &drafting };
    let opening = planning.opening(&taken.address.to_string())?;
    let (sends, stdin) = planning.sends(data)?;
    let expects = planning.expects()?;
    let (sending, receiving, expects_within) = match args.sent.repeat {
        Some(times) => (vec![planning.repeat(times, sends, &expects)?], Vec::new(), !expects.is_empty()),
        None => (sends, expects, false),
    };
    let at = || drafting.value(CLIENT);
    let shutdown = !args.no_shutdown && !args.connecting.probe && !args.abort;
    let then = if shutdown { vec![drafting.step("shutdown")?.with("at", at())] } else { Vec::new() };
    let ending = drafting.step(if args.abort { "abort" } else { "close" })?.with("at", at());
    Ok(Plan {
        opening,
        sending: if args.connecting.probe { Vec::new() } else { sending },
        then,
        receiving,
        ending: vec![ending],
        input: (stdin && !args.connecting.probe).then(|| planning.pieces()),
        expects_within,
        wait: args.wait.unwrap_or(if args.abort { Duration::ZERO } else { WAIT }),
    })
}

struct Planning<'a> {
    args: &'a Args,
    drafting: &'a Drafting<'a>,
}

impl Planning<'_> {
    fn opening(&self, address: &str) -> Result<Vec<DraftStep>, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        let connecting = &args.connecting;
        let within = connecting.timeout.or(connecting.connect_timeout).unwrap_or(CONNECT);
        let place = drafting.arguments.place(args.words.first().map(String::as_str).unwrap_or_default());
        let mut connect = drafting.step_at("connect", &place)?;
        connect = connect.with("as", drafting.value(CLIENT)).with("to", Node::scalar(address, &place));
        if let Some(bind) = self.bind(address)? {
            connect = connect.with("bind", bind);
        }
        if let Some(retry) = connecting.retry {
            connect = connect.with("retry", drafting.value(format_duration(retry)));
        }
        if !connecting.options.is_empty() {
            connect = connect.with("options", drafting.map(&connecting.options)?);
        }
        connect = connect.with("within", drafting.value(format_duration(within)));
        Ok(if args.security.tls { vec![connect, self.tls(within)?] } else { vec![connect] })
    }

    fn bind(&self, address: &str) -> Result<Option<Node>, Problem> {
        let (args, connecting) = (self.args, &self.args.connecting);
        let host = match (connecting.ipv4, connecting.ipv6) {
            (true, _) => Some("0.0.0.0"),
            (_, true) => Some("::"),
            _ => connecting.source.as_deref(),
        };
        if host.is_none() && connecting.source_port.is_none() {
            return Ok(None);
        }
        let place = self.drafting.arguments.place(connecting.source.as_deref().unwrap_or("-p"));
        if address.starts_with("unix:") {
            let whole = self.drafting.arguments.place(args.words.first().map_or("", String::as_str));
            let what = "a unix socket has no host, port or family to connect from";
            return Err(Box::new(
                Diagnostic::error(what, &whole).help("leave `-s`, `-p`, `-4` and `-6` out"),
            ));
        }
        let source = address::source(host, connecting.source_port)
            .map_err(|error| Box::new(Diagnostic::error(error.what, &place).maybe_help(error.help)))?;
        Ok(Some(Node::scalar(source.to_string(), &place)))
    }

    fn tls(&self, within: Duration) -> Result<DraftStep, Problem> {
        let (security, drafting) = (&self.args.security, self.drafting);
        let mut tls = drafting.step("tls")?.with("at", drafting.value(CLIENT));
        tls = tls.with("as", drafting.value("client"));
        for (key, text) in
            [("name", &security.sni), ("ca", &security.ca), ("cert", &security.cert), ("key", &security.key)]
        {
            if let Some(text) = text {
                tls = tls.with(key, drafting.said(text));
            }
        }
        if security.insecure {
            tls = tls.with("insecure", drafting.value("true"));
        }
        if !security.alpn.is_empty() {
            tls = tls.with("alpn", drafting.list(&security.alpn));
        }
        Ok(tls.with("within", drafting.value(format_duration(within))))
    }

    /// A step for each DATA, and whether standard input follows.
    fn sends(&self, data: &[String]) -> Result<(Vec<DraftStep>, bool), Problem> {
        let (args, drafting) = (self.args, self.drafting);
        let mut sends = Vec::new();
        for (index, word) in data.iter().enumerate() {
            let place = drafting.arguments.place(word);
            if word == STDIN && index + 1 < data.len() {
                let problem = Diagnostic::error("standard input is sent last", &place);
                return Err(Box::new(problem.help("put `-` after everything else")));
            }
            if word != STDIN {
                let send = drafting.step_at("send", &place)?.with("from", drafting.value(CLIENT));
                let line;
                let word = if args.sent.crlf && !word.starts_with('@') && !word.starts_with("hex:") {
                    line = format!(r"{word}\r\n");
                    &line
                } else {
                    word
                };
                sends.push(self.paced(payload::payload(send, word, &place)?));
            }
        }
        if let Some(path) = &args.sent.file {
            let send = drafting.step_at("send", &drafting.arguments.place(path))?;
            let send = send.with("from", drafting.value(CLIENT)).with("file", drafting.said(path));
            sends.push(self.paced(send));
        }
        if let Some(size) = args.sent.pattern {
            sends.extend(self.pattern(size)?);
        }
        let nothing_said = data.is_empty() && sends.is_empty() && args.sent.repeat.is_none();
        Ok((sends, nothing_said || data.last().is_some_and(|word| word == STDIN)))
    }

    fn pattern(&self, size: u64) -> Result<Vec<DraftStep>, Problem> {
        let drafting = self.drafting;
        let send = |size: u64| -> Result<DraftStep, Problem> {
            let send = drafting.step("send")?.with("from", drafting.value(CLIENT));
            Ok(self.paced(send.with("sequence", drafting.value(format_size(size)))))
        };
        let mut sends = Vec::new();
        if size >= PATTERN {
            sends.push(send(PATTERN)?.with("times", drafting.value((size / PATTERN).to_string())));
        }
        if !size.is_multiple_of(PATTERN) {
            sends.push(send(size % PATTERN)?);
        }
        Ok(sends)
    }

    /// Adds how a payload is cut and paced.
    fn paced(&self, send: DraftStep) -> DraftStep {
        let (chunk, every) = self.pace();
        let with = |send: DraftStep, key: &str, text: Option<String>| match text {
            Some(text) => send.with(key, self.drafting.value(text)),
            None => send,
        };
        let send = with(send, "chunk", chunk.map(format_size));
        with(send, "every", every.map(format_duration))
    }

    fn pace(&self) -> (Option<u64>, Option<Duration>) {
        match self.args.sent.rate {
            // So many pieces a second that a person sees no stutter, and none of them empty.
            Some(rate) if rate < TICKS => {
                (Some(1), Some(Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1)))
            }
            Some(rate) => (Some(rate / TICKS), Some(Duration::from_millis(1000 / TICKS))),
            None => (self.args.sent.chunk, self.args.sent.every),
        }
    }

    fn pieces(&self) -> Pieces {
        let (chunk, every) = self.pace();
        let size = chunk.and_then(|chunk| usize::try_from(chunk).ok()).unwrap_or(LARGE);
        let pace = self.args.sent.rate.map(Pace::Rate).or(every.map(Pace::Every));
        Pieces { size: size.clamp(1, 16 << 20), pace, crlf: self.args.sent.crlf }
    }

    fn expects(&self) -> Result<Vec<DraftStep>, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        let within = format_duration(args.wait.unwrap_or(WAIT).max(Duration::from_millis(1)));
        let expect = |place: &crate::text::Place| -> Result<DraftStep, Problem> {
            Ok(drafting.step_at("expect", place)?.with("at", drafting.value(CLIENT)))
        };
        let mut expects = Vec::new();
        for word in &args.expect {
            let place = drafting.arguments.place(word);
            expects.push(payload::pattern(expect(&place)?, word, &place)?);
        }
        if let Some(size) = args.expect_size {
            expects.push(
                expect(&drafting.arguments.value_of("--expect-size"))?
                    .with("size", drafting.value(size.to_string())),
            );
        }
        if let Some(word) = &args.until {
            let place = drafting.arguments.place(word);
            let (form, node) = payload::operand(word, &place)?;
            let node = if form == "text" { node } else { Node::map([(form.to_owned(), node)], &place) };
            expects.push(expect(&place)?.with("until", node));
        }
        Ok(expects.into_iter().map(|step| step.with("within", drafting.value(within.clone()))).collect())
    }

    fn repeat(&self, times: u64, sends: Vec<DraftStep>, expects: &[DraftStep]) -> Result<DraftStep, Problem> {
        let drafting = self.drafting;
        if sends.is_empty() {
            let place = drafting.arguments.all();
            return Err(Box::new(Diagnostic::error("there is no DATA to repeat", &place)));
        }
        let mut steps = sends;
        steps.extend(expects.iter().cloned());
        let mut repeat = drafting.step("repeat")?.with("times", drafting.value(times.to_string()));
        if let Some(interval) = self.args.sent.interval {
            repeat = repeat.with("pause", drafting.value(format_duration(interval)));
        }
        Ok(repeat.with("steps", drafting.steps(&steps)))
    }
}
