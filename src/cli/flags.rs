//! Which flag of the commands that drive sockets is a step, and which only the command can do. `--as-scenario`
//! prints the one and refuses the other; `tests/flags.rs` holds every row to that.

use super::whole;
use clap::parser::ValueSource;

/// What a flag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// A step says it; the arguments of a command that has it, `{}` being the address.
    Step(&'static str),
    /// No step says it; the same, to be refused.
    CommandOnly(&'static str),
}

/// Flags of `send`, by the names of its arguments.
pub static SEND: &[(&str, Flag)] = &[
    ("words", Flag::Step(r"{} 'PING\r\n' hex:0d0a")),
    ("crlf", Flag::Step("-C {} 'GET / HTTP/1.0' ''")),
    ("file", Flag::Step("{} --file Cargo.toml")),
    ("pattern", Flag::Step("{} --pattern 1100000")),
    ("chunk", Flag::Step("{} 0123456789 --chunk 3")),
    ("every", Flag::Step("{} 0123456789 --chunk 3 --every 1ms")),
    ("rate", Flag::Step("{} 0123456789 --rate 1KB/s")),
    ("repeat", Flag::Step("{} 'a${i}' --repeat 3")),
    ("interval", Flag::Step("{} a --repeat 3 --interval 1ms")),
    ("expect", Flag::Step(r"{} hello --expect 're:hel+o' --no-shutdown")),
    ("expect_size", Flag::Step("{} hello --expect-size 5")),
    ("until", Flag::Step(r"{} 'hello\nrest' --until '\n'")),
    ("wait", Flag::Step("{} hello --wait 20")),
    ("no_shutdown", Flag::Step("{} hello --expect hello --no-shutdown")),
    ("abort", Flag::Step("{} hello --abort --expect hello")),
    ("connect_timeout", Flag::Step("{} hello --connect-timeout 20")),
    ("retry", Flag::Step("{} hello --retry 1")),
    ("probe", Flag::Step("-z {}")),
    ("source", Flag::Step("{} hello -s 127.0.0.1")),
    ("source_port", Flag::Step("{} hello -p 0")),
    ("ipv4", Flag::Step("{} hello -4")),
    ("ipv6", Flag::Step("-z -6 {6}")),
    ("options", Flag::Step("{} hello --option nodelay=true")),
    ("tls", Flag::Step("{tls} hello --tls --insecure")),
    ("ca", Flag::Step("{tls} hello --tls --ca {ca}")),
    ("insecure", Flag::Step("{tls} hello --tls --insecure")),
    ("cert", Flag::Step("{tls} hello --tls --insecure --cert {cert} --key {cert}")),
    ("key", Flag::Step("{tls} hello --tls --insecure --cert {cert} --key {cert}")),
    ("sni", Flag::Step("{tls} hello --tls --insecure --sni drill.example")),
    ("alpn", Flag::Step("{tls} hello --tls --insecure --alpn h2")),
    ("idle", Flag::CommandOnly("{} hello --idle 5")),
    ("timeout", Flag::CommandOnly("{} hello -w 5")),
    ("connections", Flag::CommandOnly("{} hello --connections 3")),
    ("view", Flag::CommandOnly("{} hello --view hex")),
    ("time", Flag::CommandOnly("{} hello --time abs")),
    ("json", Flag::CommandOnly("{} hello --json")),
    ("quiet", Flag::CommandOnly("{} hello --quiet")),
    ("verbose", Flag::CommandOnly("{} hello -v")),
];

/// Flags of `serve`, by the names of its arguments.
pub static SERVE: &[(&str, Flag)] = &[
    ("words", Flag::Step("{}")),
    ("echo", Flag::Step("{} --echo")),
    ("discard", Flag::Step("{} --discard")),
    ("source", Flag::Step("{} --source 1100000")),
    ("on", Flag::Step(r"{} --on '(?<word>\w+)\n' --reply 'you said ${word}\n'")),
    ("reply", Flag::Step(r"{} --reply 'ok\n'")),
    ("otherwise", Flag::Step(r"{} --on 'NO\n' --reply x --otherwise close")),
    ("short", Flag::Step("{} --short --reply bye")),
    ("script", Flag::Step("{} --script {script}")),
    ("once", Flag::Step("{} --once --echo")),
    ("backlog", Flag::Step("{} --echo --backlog 16")),
    ("keep", Flag::Step("{} --echo -k")),
    ("options", Flag::Step("{} --echo --option nodelay=true")),
    ("tls", Flag::Step("{} --echo --tls")),
    ("cert", Flag::Step("{} --echo --tls --cert {cert} --key {cert}")),
    ("key", Flag::Step("{} --echo --tls --cert {cert} --key {cert}")),
    ("ca", Flag::Step("{} --echo --tls --cert {cert} --key {cert} --ca {cert}")),
    ("alpn", Flag::Step("{} --echo --tls --alpn h2")),
    ("stdin", Flag::CommandOnly("{} --stdin")),
    ("delay", Flag::CommandOnly("{} --echo --delay 1ms")),
    ("drip", Flag::CommandOnly("{} --echo --drip 1ms")),
    ("close_after", Flag::CommandOnly("{} --echo --close-after 3")),
    ("reset_after", Flag::CommandOnly("{} --echo --reset-after 3")),
    ("hang", Flag::CommandOnly("{} --hang")),
    ("close_listener_after", Flag::CommandOnly("{} --echo --close-listener-after 2")),
    ("max_clients", Flag::CommandOnly("{} --echo --max-clients 2")),
    ("idle", Flag::CommandOnly("{} --echo --idle 5")),
    ("port_file", Flag::CommandOnly("{} --echo --port-file /dev/null")),
    ("command", Flag::CommandOnly("{} --echo -- true")),
    ("view", Flag::CommandOnly("{} --view hex")),
    ("time", Flag::CommandOnly("{} --time abs")),
    ("json", Flag::CommandOnly("{} --json")),
    ("quiet", Flag::CommandOnly("{} --quiet")),
    ("verbose", Flag::CommandOnly("{} -v")),
];

/// Flags of `udp-send`, by the names of its arguments.
pub static UDP_SEND: &[(&str, Flag)] = &[
    ("words", Flag::Step(r"{} 'one\n' hex:0d0a")),
    ("size", Flag::Step("{} --size 100")),
    ("empty", Flag::Step("{} --empty")),
    ("count", Flag::Step("{} 'n=${i}' --count 3")),
    ("replies", Flag::Step("{} hello --replies 1")),
    ("wait", Flag::Step("{} hello --replies 1 --wait 20")),
    ("broadcast", Flag::Step("{} hello --broadcast")),
    ("ttl", Flag::Step("{} hello --ttl 3")),
    ("interface", Flag::Step("{} hello --interface lo")),
    ("source", Flag::Step("{} hello -s 127.0.0.1")),
    ("source_port", Flag::Step("{} hello -p 0")),
    ("ipv4", Flag::Step("{} hello -4")),
    ("ipv6", Flag::Step("{6} hello -6")),
    ("options", Flag::Step("{} hello --option send_buffer=64KiB")),
    ("lines", Flag::CommandOnly("{} --lines")),
    ("numbered", Flag::CommandOnly("{} hello --numbered")),
    ("rate", Flag::CommandOnly("{} hello --count 3 --rate 100/s")),
    ("flood", Flag::CommandOnly("{} hello --count 3 --flood")),
    ("view", Flag::CommandOnly("{} hello --view hex")),
    ("time", Flag::CommandOnly("{} hello --time abs")),
    ("json", Flag::CommandOnly("{} hello --json")),
    ("quiet", Flag::CommandOnly("{} hello --quiet")),
    ("verbose", Flag::CommandOnly("{} hello -v")),
];

/// Flags of `udp-recv`, by the names of its arguments.
pub static UDP_RECV: &[(&str, Flag)] = &[
    ("words", Flag::Step("{}")),
    ("count", Flag::Step("{} --count 3")),
    ("within", Flag::Step("{} --count 3 --within 20")),
    ("echo", Flag::Step("{} --echo")),
    ("reply", Flag::Step(r"{} --reply 'ok\n'")),
    ("join", Flag::Step("0 --join 239.255.0.1 --interface lo")),
    ("interface", Flag::Step("0 --join 239.255.0.1 --interface lo")),
    ("options", Flag::Step("{} --option receive_buffer=1MiB")),
    ("stats", Flag::CommandOnly("{} --stats 1s")),
    ("port_file", Flag::CommandOnly("{} --port-file /dev/null")),
    ("view", Flag::CommandOnly("{} --view hex")),
    ("time", Flag::CommandOnly("{} --time abs")),
    ("json", Flag::CommandOnly("{} --json")),
    ("quiet", Flag::CommandOnly("{} --quiet")),
    ("verbose", Flag::CommandOnly("{} -v")),
];

/// Arguments of every command, which are neither.
pub const OF_EVERY_COMMAND: &[&str] = &["as_scenario", "color", "help", "version"];

/// Names of the arguments of `command`, and how each is written.
pub fn arguments(command: &str) -> Vec<(String, String)> {
    let cli = whole();
    let Some(found) = cli.find_subcommand(command) else { return Vec::new() };
    let written = |argument: &clap::Arg| match (argument.get_long(), argument.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        _ if argument.is_last_set() => "-- COMMAND".to_owned(),
        _ => "DATA".to_owned(),
    };
    found.get_arguments().map(|argument| (argument.get_id().to_string(), written(argument))).collect()
}

/// The arguments in this process's command line that no step says, as they are written.
pub(super) fn command_only(command: &str, table: &[(&str, Flag)]) -> Vec<String> {
    let Ok(matches) = whole().try_get_matches_from(std::env::args_os()) else { return Vec::new() };
    let Some(given) = matches.subcommand_matches(command) else { return Vec::new() };
    let only =
        |name: &str| table.iter().any(|(one, flag)| *one == name && matches!(flag, Flag::CommandOnly(_)));
    let written = arguments(command);
    let refused = written.into_iter().filter(|(name, _)| {
        only(name)
            && given.try_contains_id(name).is_ok()
            && given.value_source(name) == Some(ValueSource::CommandLine)
    });
    refused.map(|(_, written)| written).collect()
}
