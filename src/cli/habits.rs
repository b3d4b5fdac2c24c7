//! Flags that fingers know from nc, ncat and socat and that are not here: where to find what they mean.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Command, flag, and the way out.
const HABITS: &[(&str, &str, &str)] = &[
    ("send", "-u", "datagrams are sent by `sockdrill udp-send`"),
    ("send", "-l", "`sockdrill serve` listens"),
    ("send", "-k", "`sockdrill serve` listens, and goes on when a client has left"),
    ("send", "-N", "that is what it does; `--no-shutdown` does without"),
    ("send", "-i", "`--repeat N --interval TIME` sends again and again"),
    ("send", "-U", "a unix socket is the address `unix:/path`"),
    ("send", "-n", "it is not needed: an address is never looked up"),
    ("send", "-e", "no program is run; `sockdrill serve -- COMMAND` runs one beside a server"),
    ("serve", "-n", "it is not needed: an address is never looked up"),
    ("serve", "-4", "the address says so: `sockdrill serve 0.0.0.0:9000`"),
    ("serve", "-6", "the address says so: `sockdrill serve [::]:9000`"),
    ("serve", "-l", "it always listens"),
    ("serve", "-u", "datagrams are received by `sockdrill udp-recv`"),
    ("serve", "-p", "the port is the argument: `sockdrill serve 9000`"),
    ("serve", "-s", "the address is the argument: `sockdrill serve 127.0.0.2:9000`"),
    ("serve", "-w", "`--idle TIME` closes a client that nothing passes for so long"),
    ("serve", "-e", "`--echo`, `--reply`, `--on` and `--script` answer; no program is run for a client"),
    ("serve", "-c", "`--echo`, `--reply`, `--on` and `--script` answer; no program is run for a client"),
    ("serve", "-U", "a unix socket is the address `unix:/path`"),
    ("udp-send", "-u", "it always sends datagrams"),
    ("udp-send", "-w", "`--wait TIME` waits for answers"),
    ("udp-send", "-z", "UDP accepts no connection; `--empty --wait 1s` hears whether a port is closed"),
    ("udp-recv", "-u", "it always receives datagrams"),
    ("udp-recv", "-l", "it always listens"),
    ("udp-recv", "-p", "the port is the argument: `sockdrill udp-recv 5000`"),
    ("udp-recv", "-w", "`--within TIME` ends it after so long"),
];

/// Puts the way out into the mistake, where a flag of theirs was given to one of these commands.
pub(super) fn explain(error: &mut clap::Error, command: Option<&str>) {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return };
    let known = HABITS.iter().find(|(of, theirs, _)| Some(*of) == command && theirs == flag);
    if let (Some((_, _, hint)), ErrorKind::UnknownArgument) = (known, error.kind()) {
        let hint = StyledStr::from(format!("{hint}; `sockdrill help from-nc` has more"));
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_of_theirs_is_one_of_ours_and_each_is_answered_with_the_way_out() {
        for (command, flag, hint) in HABITS {
            let words = ["sockdrill", command, flag, "9"];
            let mut error = super::super::whole().try_get_matches_from(words).unwrap_err();
            explain(&mut error, Some(command));
            let told = error.render().to_string();
            assert!(told.contains(hint), "{command} {flag}: {told}");
        }
    }
}
