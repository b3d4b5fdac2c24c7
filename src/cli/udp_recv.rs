//! `udp-recv`: shows each datagram with number, time, source and length; counts, measures, answers.

use super::address::{self, Protocol, Use};
use super::arguments::Arguments;
use super::draft::{Drafting, Problem};
use super::ending::hints;
use super::flags::UDP_RECV;
use super::output::Output;
use super::payload;
use super::scenario;
use super::telling::{Telling, interval, limit, number};
use super::udp_draft::{SOCKET, receive_so_many};
use super::udp_telling::{Audience, failed};
use crate::engine::datagrams::{Receiving, Reply};
use crate::event::Exit;
use crate::script::draft::DraftStep;
use crate::script::load::load_steps;
use crate::script::node::{Node, Style, Value};
use crate::script::recipe::Content;
use crate::script::step::{Action, Scenario};
use crate::sink::{Facing, WholeFile};
use crate::text::{Address, Diagnostic, ErrorKind, count, format_duration};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How several receive what comes for one group.
const SHARED: &str = "receivers of one group share a port where each says `--option reuse_address=true`";

/// Arguments of `udp-recv`.
#[derive(Debug, Clone, clap::Args)]
#[command(
    before_help = "Examples:
  sockdrill udp-recv 5000                               what comes to 127.0.0.1:5000, from whom
  sockdrill udp-recv '*:5000' --count 10 --within 5s    exit code 4 unless ten come in time
  sockdrill udp-recv 5000 --echo                        send each back to its sender
  sockdrill udp-recv 5000 --stats 1s                    rate; loss, order, jitter if numbered
  sockdrill udp-recv 5000 --join 239.1.2.3 --interface eth0 --view raw > packets.bin",
    after_help = "Loopback only, unless the address says otherwise: '*:5000' is all interfaces. Port 0 takes a free one \
        and says which. A numbered datagram begins with `#` and its number, and may go on with a blank and the \
        sender's clock in seconds: `#17 0.123456`. `udp-send --numbered` and the payload '#${i} ${time}' make \
        such. Bare numbers are seconds.\n\
        Exit code 0: done; 2: wrong usage; 3: could not resolve, bind or join; 4: fewer came than --count in the \
        time of --within, or none; 130, 143: ended by a signal."
)]
pub(super) struct Args {
    /// Where to receive: a port, :port, host:port, host port, *:port; 127.0.0.1:6060 unless given
    #[arg(value_name = "ADDR", num_args = 0..=2)]
    pub words: Vec<String>,

    /// End when so many have come
    #[arg(long, value_name = "N", value_parser = number, help_heading = "What is received")]
    pub count: Option<u64>,
    /// End after so long; without all of --count that is exit code 4
    #[arg(long, value_name = "TIME", value_parser = limit, help_heading = "What is received")]
    pub within: Option<Duration>,
    /// Join a multicast group
    #[arg(long, value_name = "GROUP", help_heading = "What is received")]
    pub join: Option<String>,
    /// Join on this interface, by name or address
    #[arg(long, value_name = "INTERFACE", requires = "join", help_heading = "What is received")]
    pub interface: Option<String>,
    /// Set a socket option before binding, such as `reuse_address=true`
    #[arg(long = "option", value_name = "NAME=VALUE", help_heading = "What is received")]
    pub options: Vec<String>,

    /// Send each datagram back to its sender
    #[arg(long, conflicts_with = "reply", help_heading = "What is answered")]
    pub echo: bool,
    /// Answer each with this
    #[arg(long, value_name = "DATA", help_heading = "What is answered")]
    pub reply: Option<String>,

    /// Show figures this often instead of each datagram: rate, loss, order, jitter
    #[arg(long, value_name = "TIME", value_parser = interval, help_heading = "What is shown")]
    pub stats: Option<Duration>,
    /// Write the port to this file once it is bound
    #[arg(long, value_name = "FILE", help_heading = "What is shown")]
    pub port_file: Option<PathBuf>,
    #[command(flatten)]
    pub telling: Telling,
    /// Print the scenario that this command is, and do nothing
    #[arg(long, help_heading = "What is shown")]
    pub as_scenario: bool,
}

/// Where it receives when nothing is said.
const DEFAULT: &str = "127.0.0.1:6060";

pub(super) fn run(args: &Args, output: &Output) -> Exit {
    if args.as_scenario {
        return scenario::print("udp-recv", UDP_RECV, output, |drafting| Ok(as_scenario(args, drafting)?));
    }
    let arguments = Arguments::of_process();
    match plan(args, &arguments) {
        Ok(scenario) => receive(args, &scenario, output),
        Err(problems) => {
            output.problems(&problems);
            Exit::Usage
        }
    }
}

/// The checked steps: the bind, and the one that answers, where there is one.
fn plan(args: &Args, arguments: &Arguments) -> Result<Scenario, Vec<Diagnostic>> {
    let drafting = Drafting { arguments };
    let steps = steps(args, &drafting).map_err(|problem| vec![*problem])?;
    load_steps("udp-recv", &steps, &arguments.all())
}

fn steps(args: &Args, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
    let mut steps = vec![bind(args, drafting)?];
    if let Some(reply) = &args.reply {
        steps.push(answer(reply, drafting)?);
    }
    Ok(steps)
}

/// The address, and whether its host was named.
fn local(args: &Args, arguments: &Arguments) -> Result<(Address, bool), Problem> {
    let default = [DEFAULT.to_owned()];
    let words = if args.words.is_empty() { &default[..] } else { &args.words };
    let first = words.first().map(String::as_str).unwrap_or_default();
    let taken = address::take(words, Protocol::Udp, Use::Local).map_err(|error| {
        Box::new(Diagnostic::error(error.what, &arguments.place(first)).maybe_help(error.help))
    })?;
    if let Some(word) = words.get(taken.words) {
        let what = format!("`{}` is one word too many: `udp-recv` takes an address", word.escape_debug());
        return Err(Box::new(Diagnostic::error(what, &arguments.place(word))));
    }
    if matches!(taken.address, Address::Unix(_) | Address::Abstract(_)) {
        let problem = Diagnostic::error("`udp-recv` receives over UDP", &arguments.place(first));
        return Err(Box::new(problem.help("a scenario can receive at a unix datagram socket")));
    }
    let bare = first.trim_start_matches("udp://").trim_start_matches(':');
    let named = !args.words.is_empty() && !bare.bytes().all(|byte| byte.is_ascii_digit());
    Ok((taken.address, named))
}

fn bind(args: &Args, drafting: &Drafting<'_>) -> Result<DraftStep, Problem> {
    let (mut address, named) = local(args, drafting.arguments)?;
    let port = match address {
        Address::Host { port, .. } | Address::Any { port } => Some(port),
        Address::Unix(_) | Address::Abstract(_) => None,
    };
    if let (Some(group), Some(port), false) = (&args.join, port, named) {
        // A socket that is bound to 127.0.0.1 never sees what is sent to a group.
        let host = if group.contains(':') { "::" } else { "0.0.0.0" };
        address = Address::Host { host: host.to_owned(), port };
    }
    let place = drafting.arguments.place(args.words.first().map(String::as_str).unwrap_or_default());
    if let (Some(group), Some(port), Address::Host { host, .. }) = (&args.join, port, &address)
        && !hears_groups(host)
    {
        let what = format!("a socket that is bound to {host} never gets what is sent to a group");
        let way_out = format!("`{port}` or `'*:{port}'` without that host hears {}", group.escape_debug());
        return Err(Box::new(Diagnostic::error(what, &place).help(way_out)));
    }
    let mut bind = drafting.step_at("bind", &place)?;
    bind = bind.with("as", drafting.value(SOCKET)).with("at", Node::scalar(address.to_string(), &place));
    if let Some(group) = &args.join {
        bind = bind.with("join", drafting.said(group));
    }
    if let Some(interface) = &args.interface {
        bind = bind.with("interface", drafting.said(interface));
    }
    if !args.options.is_empty() {
        bind = bind.with("options", drafting.map(&args.options)?);
    }
    Ok(bind)
}

/// Whether what is sent to a group reaches a socket that is bound to this host: all addresses, or a group's own.
fn hears_groups(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified() || ip.is_multicast())
}

/// Answers whatever comes with `reply`.
fn answer(reply: &str, drafting: &Drafting<'_>) -> Result<DraftStep, Problem> {
    let place = drafting.arguments.place(reply);
    let (form, node) = payload::operand(reply, &place)?;
    let everything = Node { value: Value::Scalar("(?s).*".to_owned(), Style::Single), place: place.clone() };
    let reply = Node::map([(form.to_owned(), node)], &place);
    let rule = Node::map([("matches".to_owned(), everything), ("reply".to_owned(), reply)], &place);
    let rules = Node { value: Value::List(vec![rule]), place: place.clone() };
    Ok(drafting.step_at("answer", &place)?.with("at", drafting.value(SOCKET)).with("rules", rules))
}

/// The steps as a scenario says them; what no step says is named.
fn as_scenario(args: &Args, drafting: &Drafting<'_>) -> Result<Vec<DraftStep>, Problem> {
    let answers = args.echo || args.reply.is_some();
    if args.count.is_some() && answers {
        let what = "`--count` is no step beside `--echo` or `--reply`: only the command can do both";
        return Err(Box::new(Diagnostic::error(what, &drafting.arguments.place("--count"))));
    }
    let mut all = steps(args, drafting)?;
    if let Some(count) = args.count {
        all.push(receive_so_many(count, args.within, drafting)?);
        return Ok(all);
    }
    let serving = match all.pop() {
        Some(answer) if args.reply.is_some() => answer,
        bind => {
            all.extend(bind);
            drafting.step(if args.echo { "echo" } else { "discard" })?.with("at", drafting.value(SOCKET))
        }
    };
    let Some(within) = args.within else {
        all.push(serving);
        return Ok(all);
    };
    // Serving ends only when its time is over, and in that time something has to come.
    if !answers {
        all.push(receive_so_many(1, Some(within), drafting)?);
    }
    let serving = serving.with("within", drafting.value(format_duration(within)));
    all.push(serving.with("fails", drafting.value("timeout")));
    if answers {
        all.push(answered(args, &all, drafting)?);
    }
    Ok(all)
}

/// The check that something was answered, for it came then. A fact counts bytes: an answer that may be empty says
/// nothing.
fn answered(args: &Args, steps: &[DraftStep], drafting: &Drafting<'_>) -> Result<DraftStep, Problem> {
    // What is wrong with the steps is told when all of them are checked.
    let scenario = load_steps("udp-recv", steps, &drafting.arguments.all()).ok();
    let sends = |scenario| reply(&scenario).and_then(|reply| reply.known_len());
    if scenario.is_some_and(|scenario| sends(scenario).unwrap_or(0) == 0) {
        let beside = if args.echo { "`--echo`" } else { "a `--reply` that is not known to have bytes" };
        let what = format!("`--within` is no step beside {beside}: no step counts empty datagrams");
        let problem = Diagnostic::error(what, &drafting.arguments.place("--within"));
        return Err(Box::new(problem.help("leave it out, and the rest is printed")));
    }
    let check =
        drafting.step("check")?.with("at", drafting.value(SOCKET)).with("fact", drafting.value("sent"));
    Ok(check.with("at_least", drafting.value("1")).with("within", drafting.value("1ms")))
}

fn receive(args: &Args, scenario: &Scenario, output: &Output) -> Exit {
    let port_file = match args.port_file.as_deref().map(WholeFile::new).transpose() {
        Ok(file) => file,
        Err(error) => return unwritable(args, &error, output),
    };
    let shows =
        args.stats.is_none() || args.telling.verbose || args.telling.view.is_some() || args.telling.json;
    let told = shows && (!args.telling.quiet || args.telling.view.is_some());
    let audience = match Audience::new(&args.telling, output, Facing::Anybody, told, None) {
        Ok(audience) => audience,
        Err(problem) => {
            output.problem(&problem);
            return Exit::Usage;
        }
    };
    let receiving = Receiving {
        count: args.count,
        within: args.within,
        reply: if args.echo { Some(Reply::Echo) } else { reply(scenario).map(Reply::With) },
        stats: args.stats,
        told,
    };
    audience.run(output, async |stage, stop| {
        let Some(bind) = scenario.steps.first() else { return Exit::Usage };
        if let Err(failure) = stage.run(bind).await {
            let exit = failed(&failure, output);
            if args.join.is_some() && failure.kind.error() == Some(ErrorKind::InUse) {
                hints(&[SHARED.to_owned()], output);
            }
            return exit;
        }
        let (at, port) = stage.local(SOCKET).unwrap_or_default();
        if let Some(file) = &port_file
            && let Err(error) = file.write(format!("{port}\n").as_bytes())
        {
            return unwritable(args, &error, output);
        }
        let finished = receiving.run(stage, SOCKET, bind, stop).await;
        let late = || {
            let within = args.within.map(format_duration).unwrap_or_default();
            let came = match (finished.datagrams, args.count) {
                (0, _) => "nothing came".to_owned(),
                (came, Some(count)) => format!("{came} of {count} datagrams came"),
                (came, None) => format!("{} came", count(came, "datagram")),
            };
            format!("{at}: {came} within {within}")
        };
        audience.exit(&finished, late, output)
    })
}

/// The payload that answers, as it was checked.
fn reply(scenario: &Scenario) -> Option<Content> {
    scenario.steps.iter().find_map(|step| match &step.action {
        Action::Answer(answer) => answer.rules.first()?.reply.clone(),
        _ => None,
    })
}

fn unwritable(args: &Args, error: &std::io::Error, output: &Output) -> Exit {
    let path = args.port_file.clone().unwrap_or_default();
    output.error(format!("cannot write {}: {}", path.display(), crate::text::in_words(error)));
    Exit::Unreachable
}
