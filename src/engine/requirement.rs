//! What a scenario requires of the machine, and whether it is there.

use super::process::located;
use crate::net::Host;
use crate::script::step::Requirement;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The first requirement that is not met, as the reason to skip.
pub(super) fn missing(requires: &[Requirement], directory: &Path, host: &Host) -> Option<String> {
    requires.iter().find_map(|requirement| match requirement {
        Requirement::Linux => (!cfg!(target_os = "linux")).then(|| "not Linux".to_owned()),
        Requirement::Unix => (!cfg!(unix)).then(|| "no unix sockets".to_owned()),
        Requirement::Ipv6 => (!host.has_ipv6()).then(|| "no IPv6 on loopback".to_owned()),
        Requirement::Multicast => (!host.has_multicast()).then(|| "no multicast on loopback".to_owned()),
        Requirement::Root => (!nix::unistd::geteuid().is_root()).then(|| "not root".to_owned()),
        Requirement::Command(command) => {
            (!program_is_there(command, directory)).then(|| format!("{command} is not installed"))
        }
    })
}

/// Whether a program can be started by that name; one that is named by a path begins in `directory`.
pub fn program_is_there(command: &str, directory: &Path) -> bool {
    let is_program = |path: &Path| {
        std::fs::metadata(path)
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if command.contains('/') {
        return is_program(&located(command, directory));
    }
    // Where nothing is said: execvp(3).
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    std::env::split_paths(&path).any(|directory| is_program(&directory.join(command)))
}
