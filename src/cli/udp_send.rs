//! `udp-send`: datagrams: one, many, at a rate, as fast as it goes, waiting for answers.

use super::address::{self, Here, Protocol, Use};
use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::ending::hints;
use super::flags::UDP_SEND;
use super::output::Output;
use super::payload::{self, STDIN};
use super::scenario::{self, Unprinted};
use super::stdin;
use super::udp_draft::{SOCKET, receive_so_many};
use super::udp_send_args::Args;
use super::udp_telling::{Audience, failed};
use crate::engine::datagrams::{Await, Ending, Payloads, Schedule, Sending, refusal_within};
use crate::engine::{Stage, Stop};
use crate::event::{Exit, Failure};
use crate::script::draft::DraftStep;
use crate::script::load::load_steps;
use crate::script::node::Node;
use crate::script::step::{Action, Scenario, Step};
use crate::sink::Facing;
use crate::text::{Address, Diagnostic, ErrorKind, format_duration};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _};
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// How long answers are waited for where nothing is said.
const WAIT: Duration = Duration::from_secs(5);
/// The shortest deadline that a step can have: that of `--wait 0`.
const NO_WAIT: Duration = Duration::from_millis(1);
/// What `--numbered` puts before the data.
const STAMP: u64 = 26;
/// More than any datagram can carry.
const TOO_MUCH: usize = 65_536;

/// What the arguments mean.
struct Plan {
    to: Address,
    bind: DraftStep,
    sends: Vec<DraftStep>,
    /// Each line of standard input is a datagram too.
    lines: bool,
    /// Something in the payloads is counted or timed, so that it only stands in `repeat`.
    counts: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    let stdin = stdin::Whole::default();
    if args.as_scenario {
        return scenario::print("udp-send", UDP_SEND, output, |drafting| {
            let plan = plan(args, drafting, &stdin)?;
            match stdin.watched().and_then(Stop::reason) {
                Some(reason) => Err(Unprinted::Stopped(reason)),
                None => Ok(plan.as_scenario(args, drafting)?),
            }
        });
    }
    let arguments = Arguments::of_process();
    let drafting = Drafting { arguments: &arguments };
    let refuse = |problems: &[Diagnostic]| {
        output.problems(problems);
        Exit::Usage
    };
    let plan = match plan(args, &drafting, &stdin) {
        Ok(plan) => plan,
        Err(problem) => return refuse(&[*problem]),
    };
    let scenario = plan.steps(args, &drafting).map_err(|problem| vec![*problem]);
    match scenario.and_then(|steps| load_steps("udp-send", &steps, &arguments.all())) {
        Ok(scenario) => send(args, &plan, scenario, &stdin, output),
        Err(problems) => refuse(&problems),
    }
}

fn plan(args: &Args, drafting: &Drafting<'_>, stdin: &stdin::Whole) -> Result<Plan, Problem> {
    let first = args.words.first().map(String::as_str).unwrap_or_default();
    let taken = address::take(
        &args.words,
        Protocol::Udp,
        Use::Destination(Here::of(args.ipv6, args.source.as_deref())),
    )
    .map_err(|error| {
        let place = drafting.arguments.place(first);
        Box::new(Diagnostic::error(error.what, &place).maybe_help(error.help))
    })?;
    if matches!(taken.address, Address::Unix(_) | Address::Abstract(_)) {
        let problem = Diagnostic::error("`udp-send` sends over UDP", &drafting.arguments.place(first));
        return Err(Box::new(problem.help("a scenario can send to a unix datagram socket")));
    }
    let data = args.words.get(taken.words..).unwrap_or_default();
    let to = taken.address.to_string();
    let lines = args.lines || (data.is_empty() && typed(args));
    let words = payloads(args, data, (lines, stdin), drafting)?;
    let sends = words.into_iter().map(|(key, node)| {
        let step = drafting.step_at("send", &node.place)?;
        Ok(step.with("from", drafting.value(SOCKET)).with("to", drafting.value(to.clone())).with(key, node))
    });
    Ok(Plan {
        bind: bind(args, &taken.address, drafting)?,
        to: taken.address,
        sends: sends.collect::<Result<_, Problem>>()?,
        lines,
        counts: data.iter().any(|word| word.contains("${")),
    })
}

/// Whether datagrams are typed line by line.
fn typed(args: &Args) -> bool {
    args.size.is_none() && !args.empty && !args.numbered && io::stdin().is_terminal()
}

/// The payload operands, one for each datagram of a round.
fn payloads(
    args: &Args,
    data: &[String],
    (lines, stdin): (bool, &stdin::Whole),
    drafting: &Drafting<'_>,
) -> Result<Vec<(&'static str, Node)>, Problem> {
    let generated = match (args.size, args.empty, lines) {
        (Some(size), ..) => Some(("--size", vec![("sequence", sized(args, size, drafting)?)])),
        (None, true, _) => Some(("--empty", vec![("text", drafting.value(""))])),
        (None, false, true) => Some(("--lines", Vec::new())),
        // The number and the time are enough to count and to measure by.
        (None, false, false) if args.numbered && data.is_empty() => {
            Some(("--numbered", vec![("text", drafting.value(""))]))
        }
        (None, false, false) => None,
    };
    match (generated, data.first()) {
        (Some((flag, _)), Some(word)) => {
            let what = format!("`{flag}` says what is sent already");
            Err(Box::new(Diagnostic::error(what, &drafting.arguments.place(word))))
        }
        (Some((_, payloads)), None) => Ok(payloads),
        (None, None) => Ok(vec![from_stdin(stdin, drafting, true)?]),
        (None, Some(_)) => {
            let one = |word: &String| match word.as_str() {
                STDIN => from_stdin(stdin, drafting, false),
                word => payload::operand(word, &drafting.arguments.place(word)),
            };
            data.iter().map(one).collect()
        }
    }
}

fn sized(args: &Args, size: u64, drafting: &Drafting<'_>) -> Result<Node, Problem> {
    let stamp = if args.numbered { STAMP } else { 0 };
    let Some(rest) = size.checked_sub(stamp) else {
        let what = format!("a numbered datagram has at least {STAMP} bytes, not {size}");
        return Err(Box::new(Diagnostic::error(what, &drafting.arguments.place("--numbered"))));
    };
    Ok(drafting.value(rest.to_string()))
}

/// All of standard input as one payload. Nothing at all is no datagram unless it was asked for.
fn from_stdin(
    stdin: &stdin::Whole,
    drafting: &Drafting<'_>,
    implied: bool,
) -> Result<(&'static str, Node), Problem> {
    let place = drafting.arguments.all();
    let problem = |what: String| Box::new(Diagnostic::new(crate::text::Severity::Error, what, None));
    let read = stdin
        .read(TOO_MUCH)
        .map_err(|error| problem(format!("cannot read standard input: {}", crate::text::in_words(&error))))?;
    // A signal came: what is sent no longer matters.
    let Some(bytes) = read else { return Ok(("text", drafting.value(""))) };
    if bytes.len() >= TOO_MUCH {
        let problem = problem("standard input is longer than any datagram can be".to_owned());
        return Err(Box::new(problem.help("`--lines` makes a datagram of each line")));
    }
    if bytes.is_empty() && implied {
        let problem = problem("there is nothing to send: no DATA, and standard input is empty".to_owned());
        return Err(Box::new(problem.help("`--empty` sends an empty datagram, `--size N` so many bytes")));
    }
    // Base64 has no notation that its own bytes could be mistaken for.
    Ok(("base64", Node::scalar(data_encoding::BASE64.encode(&bytes), &place)))
}

/// The socket: not connected, so that answers from elsewhere are seen; ICMP refusals are received all the same.
fn bind(args: &Args, to: &Address, drafting: &Drafting<'_>) -> Result<DraftStep, Problem> {
    let family = match to {
        _ if args.ipv4 => Some("0.0.0.0"),
        _ if args.ipv6 => Some("::"),
        Address::Host { host, .. } if host.parse::<std::net::Ipv4Addr>().is_ok() => Some("0.0.0.0"),
        Address::Host { host, .. } if host.contains(':') => Some("::"),
        _ => None,
    };
    let at = address::source(args.source.as_deref().or(family), args.source_port).map_err(|error| {
        let place = drafting.arguments.place(args.source.as_deref().unwrap_or_default());
        Box::new(Diagnostic::error(error.what, &place).maybe_help(error.help))
    })?;
    let mut bind = drafting.step("bind")?;
    bind = bind.with("as", drafting.value(SOCKET)).with("at", drafting.value(at.to_string()));
    if args.broadcast {
        bind = bind.with("broadcast", drafting.value("true"));
    }
    if let Some(ttl) = args.ttl {
        bind = bind.with("ttl", drafting.said(&ttl.to_string()));
    }
    if let Some(interface) = &args.interface {
        bind = bind.with("interface", drafting.said(interface));
    }
    let mut options = args.options.clone();
    if !options.iter().any(|option| option.starts_with("receive_errors=")) {
        options.push("receive_errors=true".to_owned());
    }
    Ok(bind.with("options", drafting.map(&options)?))
}

impl Plan {
    /// The steps as a scenario says them.
    fn steps(&self, args: &Args, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
        let mut steps = vec![self.bind.clone()];
        if args.count.is_some() || self.counts {
            let times = drafting.value(args.count.unwrap_or(1).to_string());
            let repeat = drafting.step("repeat")?.with("times", times);
            steps.push(repeat.with("steps", drafting.steps(&self.sends)));
        } else {
            steps.extend(self.sends.iter().cloned());
        }
        Ok(steps)
    }

    /// The same, with the answers that are awaited.
    fn as_scenario(&self, args: &Args, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
        if args.wait.is_some() && args.replies.is_none() {
            let what = "`--wait` is no step without `--replies`: only the command takes whatever comes";
            let place = drafting.arguments.place("--wait");
            return Err(Box::new(Diagnostic::error(what, &place)));
        }
        let mut steps = self.steps(args, drafting)?;
        if let Some(replies) = args.replies {
            let wait = args.wait.unwrap_or(WAIT).max(NO_WAIT);
            steps.push(receive_so_many(replies, Some(wait), drafting)?);
        } else {
            // Whatever comes is no matter, but a refusal is: it comes after the send that it is of.
            let within = drafting.value(format_duration(refusal_within(is_here(&self.to))));
            let discard = drafting.step("discard")?.with("at", drafting.value(SOCKET));
            steps.push(discard.with("within", within).with("fails", drafting.value("timeout")));
        }
        Ok(steps)
    }
}

/// Whether it is surely this machine, by what is written.
fn is_here(to: &Address) -> bool {
    match to {
        Address::Host { host, .. } => {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        _ => true,
    }
}

fn send(args: &Args, plan: &Plan, scenario: Scenario, stdin: &stdin::Whole, output: &Output) -> Exit {
    let audience = match Audience::new(&args.telling, output, Facing::Peer, true, stdin.watched()) {
        Ok(audience) => audience,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    let mut steps = scenario.steps.into_iter();
    let Some(bind) = steps.next() else { return Exit::Usage };
    let payloads = if plan.lines {
        match lines() {
            Ok(lines) => Payloads::Stream(lines),
            Err(error) => {
                output.error(format!("cannot read standard input: {}", crate::text::in_words(&error)));
                return Exit::Unreachable;
            }
        }
    } else {
        let forever = args.count.is_none() && (args.rate.is_some() || args.flood);
        Payloads::Steps(sends(steps), (!forever).then(|| args.count.unwrap_or(1)))
    };
    let sending = Sending {
        to: plan.to.clone(),
        payloads,
        numbered: args.numbered,
        schedule: match args.rate {
            Some(rate) => Schedule::Paced(rate),
            None if args.flood => Schedule::Flood,
            None => Schedule::InTurn,
        },
        answers: (args.replies.is_some() || args.wait.is_some())
            .then(|| Await { replies: args.replies, wait: args.wait.unwrap_or(WAIT) }),
    };
    audience.run(output, async |stage, stop| {
        if let Err(failure) = stage.run(&bind).await {
            return failed(&failure, output);
        }
        let finished = sending.run(stage, SOCKET, &bind, stop).await;
        let late = || {
            let wait = format_duration(args.wait.unwrap_or(WAIT));
            match (finished.answers, args.replies) {
                (0, _) => format!("{}: no answer within {wait}", plan.to),
                (came, replies) => {
                    format!("{}: {came} of {} answers within {wait}", plan.to, replies.unwrap_or(1))
                }
            }
        };
        let exit = audience.exit(&finished, late, output);
        if let Some(hint) = way_out(args, &plan.to, &finished.why, stage).await {
            hints(&[hint], output);
        }
        exit
    })
}

/// What helps where nothing got there.
async fn way_out(args: &Args, to: &Address, why: &Ending, stage: &Stage) -> Option<String> {
    let Address::Host { host, .. } = to else { return None };
    match why {
        Ending::Refused(_) if !(args.ipv4 || args.ipv6 || args.source.is_some()) => {
            let other = stage.other_family(to).await?;
            let flag = if other.is_ipv4() { "-4" } else { "-6" };
            Some(format!("{host} is {other} too: `{flag}` sends there"))
        }
        // No route says where it goes out, or from which address.
        Ending::Failed(failure) if args.interface.is_none() && is_unrouted(failure) => {
            let group = host.parse::<IpAddr>().ok().filter(IpAddr::is_multicast)?;
            Some(format!(
                "`--interface NAME` says where what goes to {group} leaves, as in `--interface eth0`"
            ))
        }
        _ => None,
    }
}

fn is_unrouted(failure: &Failure) -> bool {
    matches!(failure.kind.error(), Some(ErrorKind::Unreachable | ErrorKind::NotAvailable))
}

/// The `send` steps, out of their `repeat`.
fn sends(steps: impl Iterator<Item = Step>) -> Vec<Step> {
    let mut sends = Vec::new();
    for step in steps {
        match step.action {
            Action::Repeat { steps, .. } => sends.extend(steps),
            _ => sends.push(step),
        }
    }
    sends
}

/// The lines of standard input, read on a thread of its own: a terminal or a pipe can keep it waiting.
fn lines() -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (to, lines) = sync_channel(1024);
    std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        for line in BufReader::new(stdin::Stdin).split(b'\n') {
            let line = line.map(|mut line| {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                line
            });
            if to.send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(lines)
}
