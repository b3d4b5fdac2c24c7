//! The steps that `serve` is: listen, and for each client tls, echo, discard, answer, send or a script.

use super::address::{self, Protocol, Use};
use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::payload;
use super::serve_args::Args;
use super::serve_clashes;
use crate::engine::Service;
use crate::script::draft::DraftStep;
use crate::script::node::{Node, Style, Value};
use crate::script::step::{Action, Step};
use crate::text::{Diagnostic, format_size, parse_size};
use std::sync::Arc;

/// Where it listens where nothing says.
const HERE: &str = "127.0.0.1:6060";
/// The names in the steps.
const SERVER: &str = "server";
const CONN: &str = "conn";
/// One message is what one receive takes of a stream.
const MESSAGE: &str = "256KiB";
/// `--source` counts anew after so many bytes.
const PATTERN: u64 = 1 << 20;
/// How many patterns are as good as without end.
const ENDLESS: u64 = 1 << 40;

/// What is run.
#[derive(Debug)]
pub(super) struct Plan {
    /// `listen`, then the `each` that is run, if one is.
    pub steps: Vec<DraftStep>,
    kind: Kind,
}

/// Which service it is, and what its steps are for.
#[derive(Debug)]
enum Kind {
    /// One that the server does itself; steps are those before it.
    Own(Service),
    /// Steps, all of it.
    Steps,
}

impl Plan {
    /// What a client gets, out of the checked steps.
    pub fn service(&self, steps: &[Step]) -> Service {
        match &self.kind {
            Kind::Own(service) => service.clone(),
            Kind::Steps => Service::Steps(each(steps)),
        }
    }

    /// The steps before a service of the server's own.
    pub fn before(&self, steps: &[Step]) -> Arc<Vec<Step>> {
        match &self.kind {
            Kind::Own(_) => each(steps),
            Kind::Steps => Arc::default(),
        }
    }

    /// Whether what passes is shown piece by piece: a line an echo costs more than the echo, so where nobody
    /// watches the services that say nothing new show open and close only.
    pub fn is_shown(&self, args: &Args, terminal: bool) -> bool {
        match &self.kind {
            Kind::Own(Service::Echo | Service::Discard) => {
                terminal || args.telling.is_json() || args.telling.view.is_some()
            }
            _ => true,
        }
    }
}

fn each(steps: &[Step]) -> Arc<Vec<Step>> {
    match steps.get(1).map(|step| &step.action) {
        Some(Action::Each(each)) => each.steps.clone(),
        _ => Arc::default(),
    }
}

/// Makes the plan; the first mistake in the arguments ends that.
pub(super) fn plan(args: &Args, arguments: &Arguments) -> Result<Plan, Problem> {
    let drafting = Drafting { arguments };
    serve_clashes::check(args, &drafting)?;
    let planning = Planning { args, drafting: &drafting, judges: true };
    let listen = planning.listen()?;
    let mut inner = planning.tls()?;
    let kind = if let Some(service) = planning.own()? {
        Kind::Own(service)
    } else {
        inner.extend(planning.service()?);
        Kind::Steps
    };
    let mut steps = vec![listen];
    if !inner.is_empty() {
        steps.push(planning.each(&inner)?);
    }
    Ok(Plan { steps, kind })
}

/// The steps as a scenario says them.
pub(super) fn as_scenario(args: &Args, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
    // As how the one client left is the exit code, the scenario of `--once` judges it; many may leave as they like.
    let planning = Planning { args, drafting, judges: args.once };
    let at = |name: &str| drafting.value(name);
    let mut inner = planning.tls()?;
    inner.extend(planning.service()?);
    if planning.goes_on_until_the_end() {
        if planning.judges {
            inner.push(drafting.step("expect")?.with("at", at(CONN)).with("eof", at("true")));
        }
        inner.push(drafting.step("close")?.with("at", at(CONN)));
    }
    if args.once {
        // One client, in the main lane: the scenario is over when it has left.
        let accept = drafting.step("accept")?.with("as", at(CONN)).with("at", at(SERVER));
        let accept = accept.with("within", drafting.value("1day"));
        let mut steps = vec![planning.listen()?, accept];
        steps.extend(inner);
        return Ok(steps);
    }
    let hold = drafting.step("sleep")?.with("duration", drafting.value("1day"));
    Ok(vec![planning.listen()?, planning.each(&inner)?, hold])
}

struct Planning<'a> {
    args: &'a Args,
    drafting: &'a Drafting<'a>,
    /// Whether what no rule matched, and a reset, are failures.
    judges: bool,
}

impl Planning<'_> {
    /// The argument for which there has to be a port, and what it does with it.
    fn wants_a_port(&self) -> Option<(&str, &'static str)> {
        let file = self.args.port_file.as_ref().map(|_| ("--port-file", "`--port-file` to write"));
        let words = &self.args.command;
        let word = words.iter().find(|word| word.contains("{port}"));
        file.or(word.map(|word| (word.as_str(), "`{port}` to be")))
    }

    fn listen(&self) -> Result<DraftStep, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        let first = args.words.first().map_or(HERE, String::as_str);
        let words = if args.words.is_empty() { vec![HERE.to_owned()] } else { args.words.clone() };
        let place = drafting.arguments.place(first);
        let refuse =
            |what: String, help: Option<String>| Box::new(Diagnostic::error(what, &place).maybe_help(help));
        let taken = address::take(&words, Protocol::Tcp, Use::Local)
            .map_err(|error| refuse(error.what, error.help))?;
        if let Some(word) = words.get(taken.words) {
            let problem = Diagnostic::error(
                format!("`{}` is more than an address", word.escape_debug()),
                &drafting.arguments.place(word),
            );
            return Err(Box::new(problem.help("a command that is run beside stands after `--`")));
        }
        let mut listen = drafting.step_at("listen", &place)?.with("as", drafting.value(SERVER));
        listen = listen.with("at", Node::scalar(taken.address.to_string(), &place));
        if matches!(taken.address, crate::text::Address::Host { .. } | crate::text::Address::Any { .. }) {
            // A server that is started again does not wait for the connections of the one before.
            listen = listen.with("reuse_address", drafting.value("true"));
        } else if args.reset_after.is_some() {
            let problem = Diagnostic::error(
                "a unix socket cannot be reset",
                &drafting.arguments.place("--reset-after"),
            );
            return Err(Box::new(problem.help("`--close-after` closes it")));
        } else if let Some((word, whose)) = self.wants_a_port() {
            let problem = Diagnostic::error(
                format!("a unix socket has no port for {whose}"),
                &drafting.arguments.place(word),
            );
            return Err(Box::new(
                problem.help("it is reached by its name, which is `{address}` in a command"),
            ));
        }
        if let Some(backlog) = args.backlog {
            listen = listen.with("backlog", drafting.value(backlog.to_string()));
        }
        if !args.options.is_empty() {
            listen = listen.with("options", drafting.map(&args.options)?);
        }
        Ok(listen)
    }

    fn each(&self, steps: &[DraftStep]) -> Result<DraftStep, Problem> {
        let drafting = self.drafting;
        let each = drafting.step("each")?.with("at", drafting.value(SERVER)).with("as", drafting.value(CONN));
        Ok(each.with("steps", drafting.steps(steps)))
    }

    fn tls(&self) -> Result<Vec<DraftStep>, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        if !args.tls {
            return Ok(Vec::new());
        }
        let mut tls =
            drafting.step("tls")?.with("at", drafting.value(CONN)).with("as", drafting.value("server"));
        for (key, text) in [("cert", &args.cert), ("key", &args.key), ("ca", &args.ca)] {
            if let Some(text) = text {
                tls = tls.with(key, drafting.said(text));
            }
        }
        if !args.alpn.is_empty() {
            tls = tls.with("alpn", drafting.list(&args.alpn));
        }
        Ok(vec![tls])
    }

    /// The service that the server does itself, if it is one.
    fn own(&self) -> Result<Option<Service>, Problem> {
        let args = self.args;
        Ok(Some(match () {
            () if args.hang => Service::Hang,
            () if args.echo => Service::Echo,
            () if args.discard => Service::Discard,
            // What has holes is filled for each client, by the step.
            () if args.short && args.reply.first().is_some_and(|reply| reply.contains("${")) => {
                return Ok(None);
            }
            () if args.short => Service::One { reply: self.short_reply()? },
            () if args.source.is_some() || args.script.is_some() => return Ok(None),
            () if !args.on.is_empty() || !args.reply.is_empty() => return Ok(None),
            () => Service::Show,
        }))
    }

    fn short_reply(&self) -> Result<Arc<[u8]>, Problem> {
        let Some(word) = self.args.reply.first() else { return Ok(Arc::default()) };
        let place = self.drafting.arguments.place(word);
        let read = |what: String| Box::new(Diagnostic::error(what, &place));
        if let Some(path) = word.strip_prefix('@') {
            let bytes = std::fs::read(path);
            return bytes
                .map(Into::into)
                .map_err(|error| read(format!("cannot read {path}: {}", crate::text::in_words(&error))));
        }
        if let Some(digits) = word.strip_prefix("hex:") {
            let digits: String = digits.chars().filter(|c| !c.is_whitespace()).collect();
            let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
            return bytes.map(Into::into).map_err(|_| read("these are no pairs of hex digits".to_owned()));
        }
        let payload: Result<crate::text::Payload, _> = word.parse();
        payload.map(|payload| payload.0.into()).map_err(|error| read(error.what))
    }

    /// The steps of the service.
    fn service(&self) -> Result<Vec<DraftStep>, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        let at = || drafting.value(CONN);
        if let Some(path) = &args.script {
            return Ok(vec![drafting.step("include")?.with("file", drafting.said(path))]);
        }
        if let Some(size) = &args.source {
            return self.source(size);
        }
        if args.short {
            let mut steps =
                vec![drafting.step("recv")?.with("at", at()).with("max", drafting.value(MESSAGE))];
            if let Some(word) = args.reply.first() {
                let send = drafting.step("send")?.with("from", at());
                steps.push(payload::payload(send, word, &drafting.arguments.place(word))?);
            }
            steps.push(drafting.step("close")?.with("at", at()));
            return Ok(steps);
        }
        let verb = match () {
            () if !args.on.is_empty() || !args.reply.is_empty() => return Ok(vec![self.answer()?]),
            () if args.echo => "echo",
            () => "discard",
        };
        Ok(vec![drafting.step(verb)?.with("at", at())])
    }

    /// Whether the steps of the service are over when the client has ended.
    fn goes_on_until_the_end(&self) -> bool {
        self.args.script.is_none() && !self.args.short
    }

    fn source(&self, size: &str) -> Result<Vec<DraftStep>, Problem> {
        let drafting = self.drafting;
        let at = || drafting.value(CONN);
        let size = match size {
            "endless" => PATTERN * ENDLESS,
            text => parse_size(text)
                .map_err(|what| Box::new(Diagnostic::error(what, &drafting.arguments.place(text))))?,
        };
        let send = |size: u64| -> Result<DraftStep, Problem> {
            let send = drafting.step("send")?.with("from", at());
            let forever = drafting.value("3650days");
            Ok(send.with("sequence", drafting.value(format_size(size))).with("within", forever))
        };
        let mut steps = Vec::new();
        if size >= PATTERN {
            steps.push(send(PATTERN)?.with("times", drafting.value((size / PATTERN).to_string())));
        }
        if !size.is_multiple_of(PATTERN) {
            steps.push(send(size % PATTERN)?);
        }
        steps.push(drafting.step("shutdown")?.with("at", at()));
        // A client that sends before it reads would stand still otherwise, and a close with bytes unread is a reset.
        let receiving = drafting.steps(&[drafting.step("discard")?.with("at", at())]);
        let lanes = drafting.step("parallel")?.with("sending", drafting.steps(&steps));
        Ok(vec![lanes.with("receiving", receiving)])
    }

    fn answer(&self) -> Result<DraftStep, Problem> {
        let (args, drafting) = (self.args, self.drafting);
        if !args.on.is_empty() && args.on.len() != args.reply.len() {
            let word = args.on.last().map(String::as_str).unwrap_or_default();
            let what = format!("{} of --on and {} of --reply", args.on.len(), args.reply.len());
            let problem = Diagnostic::error(what, &drafting.arguments.place(word));
            return Err(Box::new(problem.help("each --on has a --reply after it")));
        }
        if args.on.is_empty() && args.reply.len() > 1 {
            let word = args.reply.last().map(String::as_str).unwrap_or_default();
            let problem =
                Diagnostic::error("a second answer without `--on`", &drafting.arguments.place(word));
            return Err(Box::new(problem.help("`--on REGEX` before a `--reply` says what it answers")));
        }
        let mut rules = Vec::new();
        for (index, word) in args.reply.iter().enumerate() {
            let place = drafting.arguments.place(word);
            let (form, node) = payload::operand(word, &place)?;
            let reply = Node::map([(form.to_owned(), node)], &place);
            let pattern = match args.on.get(index) {
                Some(on) => {
                    let place = drafting.arguments.place(on);
                    ("matches".to_owned(), Node { value: Value::Scalar(on.clone(), Style::Single), place })
                }
                None => ("until".to_owned(), drafting.value("\n")),
            };
            rules.push(Node::map([pattern, ("reply".to_owned(), reply)], &place));
        }
        let rules = Node { value: Value::List(rules), place: drafting.arguments.all() };
        let first = args.on.first().or(args.reply.first()).map(String::as_str).unwrap_or_default();
        let answer = drafting.step_at("answer", &drafting.arguments.place(first))?;
        let mut answer = answer.with("at", drafting.value(CONN)).with("rules", rules);
        if let Some(otherwise) = &args.otherwise {
            answer = answer.with("otherwise", drafting.said(otherwise));
        }
        if self.judges {
            answer = answer.with("strict", drafting.value("true"));
        }
        Ok(answer)
    }
}
