//! Verbs that open: listen, accept, connect, bind, tls.

use super::deadline::{Deadline, Passed};
use super::session::{Addresses, Lane, Live};
use super::trouble::Trouble;
use crate::event::{FailureKind, What};
use crate::net::{
    ConnectOptions, DatagramOptions, End, Endpoint, ListenOptions, NetError, Stream, TlsFault, TlsSettings,
    TlsSide, key_log_problem_once, most_waiting,
};
use crate::script::step::{Accept, Bind, Connect, Destination, Frame, Listen, Name, Tls};
use crate::script::template::{Fill as _, Template};
use crate::text::{Address, ErrorKind, TOO_MANY_FILES, format_duration};
use std::path::Path;
use std::time::Duration;

/// How long a connect that failed waits before it is tried again: `retry` is for servers that are about
/// to listen, which nothing tells.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

pub(super) async fn listen(lane: &Lane, number: u32, step: &Listen) -> Result<(), Trouble> {
    let at = lane.address(&step.at)?;
    lane.session.release_ports(&step.at);
    let options = ListenOptions {
        backlog: step.backlog.unwrap_or(ListenOptions::default().backlog),
        reuse_address: step.reuse_address,
        reuse_port: step.reuse_port,
        only_v6: step.only_v6,
        options: step.options.clone(),
    };
    let listener = lane.session.host.listen(&at, &options).await.map_err(|error| not_bound(error, &at))?;
    let local = listener.local().to_string();
    lane.open_as(&step.name, Live::Listener(listener), step.only_v6);
    lane.note(number, || What::Listening { name: step.name.clone(), at: local });
    if let Some(text) = step.backlog.and_then(cut_backlog) {
        lane.note(number, || What::Note { text });
    }
    Ok(())
}

/// What to say of a backlog that the kernel cuts without a word. One that nobody asked for is not missed.
fn cut_backlog(wanted: u32) -> Option<String> {
    let most = most_waiting().filter(|most| *most < wanted)?;
    Some(format!("the kernel lets {most} wait, not {wanted}: net.core.somaxconn is the most"))
}

/// Why an address could not be had, and the way out.
fn not_bound(error: NetError, at: &Address) -> Trouble {
    let kind = error.kind;
    let trouble = Trouble::from(error);
    let port = match at {
        Address::Host { port, .. } | Address::Any { port } => *port,
        Address::Unix(_) if kind == ErrorKind::InUse => {
            return trouble
                .help("a file is there; if it is a socket that nobody listens at any more, remove it");
        }
        Address::Unix(_) | Address::Abstract(_) => return trouble,
    };
    match kind {
        ErrorKind::InUse if port != 0 => {
            trouble.help("another socket has that port; port 0 gives a free one")
        }
        ErrorKind::Denied if port != 0 && port < 1024 => {
            trouble.help("ports below 1024 need special rights; port 0 gives a free one")
        }
        _ => trouble,
    }
}

pub(super) async fn accept(
    lane: &Lane,
    number: u32,
    step: &Accept,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let Live::Listener(listener) = &socket.live else { return Err(Trouble::never_opened(&step.at)) };
    let starved = listener.starved();
    let Ok(accepted) = deadline.run(listener.accept()).await else {
        let words = deadline.words();
        let message = if listener.starved() > starved {
            format!("nobody could be accepted at {} within {words}: {TOO_MANY_FILES}", step.at)
        } else {
            format!("nobody connected to {} within {words}", step.at)
        };
        return Err(Trouble::timeout(message).about(&socket));
    };
    let stream = accepted.map_err(|error| Trouble::from(error).about(&socket))?;
    take_in(lane, number, &step.name, &step.at, stream, step.frame);
    Ok(())
}

/// Opens an accepted stream under its name.
pub(super) fn take_in(
    lane: &Lane,
    number: impl Into<Option<u32>>,
    name: &Name,
    listener: &Name,
    stream: Stream,
    frame: Option<Frame>,
) {
    let (local, peer) = (stream.local().clone(), stream.peer().clone());
    lane.open(name, Live::Stream(stream, frame));
    lane.note(number, || What::Accepted {
        name: name.clone(),
        listener: listener.clone(),
        local: local.to_string(),
        peer: peer.to_string(),
    });
}

pub(super) async fn connect(
    lane: &Lane,
    number: u32,
    step: &Connect,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let to = destination(lane, &step.to)?;
    let bind = step.bind.as_ref().map(|bind| lane.address(bind)).transpose()?;
    if let Some(bind) = &step.bind {
        lane.session.release_ports(bind);
    }
    let options = ConnectOptions { bind, options: step.options.clone() };
    let retry = step.retry.map(|retry| lane.session.patience.scale.stretch(retry));
    let stream = match connect_patiently(lane, &to, &options, deadline, retry).await {
        Ok(connected) => {
            connected.map_err(|error| not_connected(error, &to, retry, lane.session.host.is_isolated()))?
        }
        Err(Passed) => return Err(not_answered(lane, step, &to, deadline, retry)),
    };
    let (local, peer) = (stream.local().clone(), stream.peer().clone());
    lane.open(&step.name, Live::Stream(stream, step.frame));
    lane.note(number, || What::Connected {
        name: step.name.clone(),
        local: local.to_string(),
        peer: peer.to_string(),
    });
    Ok(())
}

/// Why there is no connection, and the way out.
fn not_connected(error: NetError, to: &Address, retry: Option<Duration>, isolated: bool) -> Trouble {
    let kind = error.kind;
    let trouble = Trouble::from(error);
    let absent = matches!(to, Address::Unix(path) if !Path::new(path).exists());
    match (kind, retry) {
        (ErrorKind::Unreachable | ErrorKind::Dns, _) if isolated => {
            trouble.help("the scenario is isolated: it reaches what it starts itself, and nothing else")
        }
        (ErrorKind::Refused, None) if absent => {
            trouble.help("there is no such file; `retry: 10s` waits for a server that is starting")
        }
        (ErrorKind::Refused, None) => {
            trouble.help("nothing listens there; `retry: 10s` waits for a server that is starting")
        }
        // In the sentence, which is all that a command says.
        (ErrorKind::Refused, Some(retry)) => {
            let message = format!("{}, tried for {}", trouble.message, format_duration(retry));
            trouble.saying(message).label("nothing listens there")
        }
        _ => trouble,
    }
}

/// Why nothing came back, and the way out.
fn not_answered(
    lane: &Lane,
    step: &Connect,
    to: &Address,
    deadline: Deadline,
    retry: Option<Duration>,
) -> Trouble {
    let words = deadline.words();
    let tried = retry.map(|retry| format!(", tried for {}", format_duration(retry))).unwrap_or_default();
    let trouble = Trouble::timeout(format!("{to}: no answer to the connect within {words}{tried}"));
    match &step.to {
        // One's own listener answers unless its queue is full.
        Destination::Socket(name) => match lane.socket(name) {
            Ok(listener) => trouble.label("its queue is full").about(&listener),
            Err(_) => trouble,
        },
        Destination::Address(_) => trouble.help("a full backlog and a dropped packet both look like this"),
    }
}

/// What came of an attempt; its deadline may have passed.
type Attempt = Result<Result<Stream, NetError>, Passed>;

/// Connects; while that is refused or not answered in time, again, for `retry`. Each attempt has the deadline
/// of the step; one that is begun anew ends with the time for it.
async fn connect_patiently(
    lane: &Lane,
    to: &Address,
    options: &ConnectOptions,
    deadline: Deadline,
    retry: Option<Duration>,
) -> Attempt {
    let attempt = || deadline.anew().run(lane.session.host.connect(to, options));
    let Some(retry) = retry else { return attempt().await };
    let retrying = Deadline::after(Some(retry));
    let mut came = attempt().await;
    while may_come_up(&came) && !retrying.has_passed() {
        let again = async {
            tokio::time::sleep(RETRY_PAUSE).await;
            attempt().await
        };
        match retrying.run(again).await {
            Ok(next) => came = next,
            // What the last whole attempt gave says more than that this one was cut short.
            Err(Passed) => break,
        }
    }
    came
}

/// Whether an attempt failed as it does where a server is still starting.
fn may_come_up(came: &Attempt) -> bool {
    match came {
        Ok(Ok(_)) => false,
        Ok(Err(error)) => matches!(error.kind, ErrorKind::Refused | ErrorKind::Timeout),
        Err(Passed) => true,
    }
}

/// The address that a destination stands for.
pub(super) fn destination(lane: &Lane, destination: &Destination) -> Result<Address, Trouble> {
    match destination {
        Destination::Address(template) => Ok(lane.address(template)?),
        Destination::Socket(name) => {
            let addresses = lane.addresses(name).ok_or_else(|| Trouble::never_opened(name))?;
            address_of(&addresses).ok_or_else(|| Trouble::unfilled(format!("{name} has no address to go to")))
        }
    }
}

/// The address that reaches a local socket: one bound to all interfaces is reached on loopback.
fn address_of(addresses: &Addresses) -> Option<Address> {
    match &addresses.local {
        Endpoint::Inet(at) if at.ip().is_unspecified() => {
            let host = if addresses.only_v6 { "::1" } else { "127.0.0.1" };
            Some(Address::Host { host: host.to_owned(), port: at.port() })
        }
        Endpoint::Inet(at) => Some(Address::Host { host: at.ip().to_string(), port: at.port() }),
        Endpoint::Unix(path) => Some(Address::Unix(path.to_string_lossy().into_owned())),
        Endpoint::Abstract(name) => Some(Address::Abstract(name.clone())),
        Endpoint::Unnamed => None,
    }
}

pub(super) async fn bind(lane: &Lane, number: u32, step: &Bind) -> Result<(), Trouble> {
    let at = lane.address(&step.at)?;
    lane.session.release_ports(&step.at);
    let text =
        |template: &Option<Template>| template.as_ref().map(|template| lane.text(template)).transpose();
    let join = text(&step.join)?.map(|group| {
        group
            .parse()
            .map_err(|_| Trouble::unfilled(format!("`{}` is no multicast group", group.escape_debug())))
    });
    let options = DatagramOptions {
        to: step.to.as_ref().map(|to| destination(lane, to)).transpose()?,
        broadcast: step.broadcast,
        join: join.transpose()?,
        interface: text(&step.interface)?,
        ttl: step.ttl,
        reuse_address: step.reuse_address,
        reuse_port: step.reuse_port,
        options: step.options.clone(),
    };
    let bound = lane.session.host.bind(&at, &options).await;
    let unrouted = |error: &NetError| {
        options.interface.is_none() && options.join.is_some() && error.kind == ErrorKind::Unreachable
    };
    let datagram = bound.map_err(|error| {
        if unrouted(&error) {
            return Trouble::from(error).help("`interface: name` says which one, as in `interface: eth0`");
        }
        not_bound(error, &at)
    })?;
    let (local, peer) = (datagram.local().to_string(), datagram.peer().map(ToString::to_string));
    lane.open(&step.name, Live::Datagram(datagram));
    lane.note(number, || What::Bound { name: step.name.clone(), at: local, peer });
    Ok(())
}

pub(super) async fn tls(lane: &Lane, number: u32, step: &Tls, deadline: Deadline) -> Result<(), Trouble> {
    let socket = lane.socket(&step.at)?;
    let Live::Stream(stream, _) = &socket.live else { return Err(Trouble::never_opened(&step.at)) };
    let files = [&step.ca, &step.cert, &step.key];
    lane.read_what_waits(files.into_iter().flatten().collect(), deadline).await?;
    let file = |template: &Option<Template>| template.as_ref().map(|path| read(lane, path)).transpose();
    let settings = TlsSettings {
        side: if step.server { TlsSide::Server } else { TlsSide::Client },
        name: step.name.as_ref().map(|name| lane.text(name)).transpose()?,
        ca: file(&step.ca)?,
        insecure: step.insecure,
        alpn: step.alpn.iter().map(|alpn| lane.text(alpn)).collect::<Result<_, _>>()?,
        cert: file(&step.cert)?,
        key: file(&step.key)?,
        // To the file that SSLKEYLOGFILE names, if it names one.
        key_log: true,
    };
    let shaken = deadline.run(stream.start_tls(&settings)).await;
    // One sentence is enough for a thousand connections.
    if let Some(text) = key_log_problem_once() {
        lane.note(number, || What::Note { text });
    }
    match shaken {
        Ok(Ok(info)) => {
            lane.note(number, || What::Secured {
                name: step.at.clone(),
                version: info.version,
                cipher: info.cipher,
                alpn: info.alpn,
            });
            Ok(())
        }
        Ok(Err(error)) => Err(not_secured(error, step).about(&socket)),
        Err(_) => {
            let message =
                format!("the TLS handshake at {} was not done within {}", step.at, deadline.words());
            Err(Trouble::timeout(message)
                .about(&socket)
                .help("both sides must shake hands at once: put them into `parallel`"))
        }
    }
}

/// Why there is no TLS, and the way out.
fn not_secured(error: NetError, step: &Tls) -> Trouble {
    let fault = error.tls;
    let trouble = Trouble::from(error);
    match fault {
        Some(TlsFault::NoTls) => trouble.label("what the peer sent is no TLS"),
        // A server that does not trust its client has to be told whom to trust, and that is all.
        Some(TlsFault::UnknownIssuer) if step.server => trouble.label("it is signed by nobody who is trusted"),
        Some(TlsFault::UnknownIssuer) => {
            trouble.label("it is signed by nobody who is trusted").help(WHOM_TO_TRUST)
        }
        Some(TlsFault::OtherName) => trouble
            .label("it is for another name")
            .help("`name: host` says which name it must have; `insecure: true` takes any"),
        Some(TlsFault::Authority) => trouble.help(
            "`openssl req -x509 -addext basicConstraints=CA:FALSE` makes one that is; `insecure: true` takes any",
        ),
        Some(TlsFault::Expired) => trouble.help("`insecure: true` takes any"),
        Some(TlsFault::Certificate) if !step.server => trouble.help(WHOM_TO_TRUST),
        Some(TlsFault::Certificate) | None => trouble,
    }
}

const WHOM_TO_TRUST: &str = "`ca: file` says whom to trust; `insecure: true` trusts everybody";

fn read(lane: &Lane, path: &Template) -> Result<Vec<u8>, Trouble> {
    let path = lane.text(path)?;
    if let Some(read) = lane.read_already(&path) {
        return Ok(read.to_vec());
    }
    std::fs::read(&path)
        .map_err(|error| Trouble::unfilled(format!("cannot read {path}: {}", crate::text::in_words(&error))))
}

/// How a receiving side ended, in the words of events and failures.
pub(super) fn words_of(end: &End) -> String {
    match end {
        End::Fin => "closed by peer (FIN)".to_owned(),
        End::Reset => "reset by peer (RST)".to_owned(),
        End::TimedOut => "given up by the kernel (time-out)".to_owned(),
        End::Failed(error) => error.message.clone(),
    }
}

/// The kind of failure that an end is to something that wanted more.
pub(super) fn kind_of(end: &End) -> FailureKind {
    FailureKind::Error(match end {
        End::Fin => ErrorKind::Closed,
        End::Reset => ErrorKind::Reset,
        End::TimedOut => ErrorKind::Timeout,
        End::Failed(error) => error.kind,
    })
}
