//! Network namespaces of scenarios' own (`network_namespaces(7)`): made without root where the kernel lets an
//! ordinary user make a user namespace, in which he stays who he is.

use super::host::Host;
use super::sys;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use std::io;
use std::time::{Duration, Instant};

/// `CAP_SYS_ADMIN`, which making namespaces takes (capabilities(7)).
const SYS_ADMIN: u32 = 21;

/// The kernel takes namespaces away some time after the last that used them has gone. So long they are waited
/// for where it allows no more.
const UNTIL_TAKEN_AWAY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// The right to make network namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespaces(());

/// Why there are no namespaces to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NoNamespaces {
    /// One sentence.
    pub why: String,
    /// What can be done about it.
    pub help: String,
}

impl Namespaces {
    /// Gets the right to make network namespaces. Root has it; an ordinary user enters a user namespace for
    /// it, which the kernel lets a process do only while it has one thread: call this first of all.
    pub fn allow() -> Result<Self, NoNamespaces> {
        let entered = if may_make() { Ok(()) } else { enter_user_namespace() };
        entered.map_err(|error| NoNamespaces::because(&error))?;
        // Not on this thread, which stays where it is.
        let attempt = std::thread::Builder::new().spawn(|| Self(()).fresh());
        let made = attempt.map_err(|error| NoNamespaces::because(&error))?.join();
        made.unwrap_or_else(|_| Err(NoNamespaces::because(&Errno::UnknownErrno.into())))?;
        Ok(Self(()))
    }

    /// Moves this thread into a new network namespace, whose loopback is up and whose ports are all free, low
    /// ones too; gives the host that this is. Threads and processes that are begun from here on are in it.
    pub fn fresh(self) -> Result<Host, NoNamespaces> {
        let until = Instant::now() + UNTIL_TAKEN_AWAY;
        loop {
            match unshare(CloneFlags::CLONE_NEWNET) {
                Err(Errno::ENOSPC | Errno::ENOMEM) if Instant::now() < until => std::thread::sleep(PAUSE),
                result => break result.map_err(|errno| NoNamespaces::because(&errno.into()))?,
            }
        }
        sys::raise_loopback().map_err(|error| NoNamespaces::because(&error))?;
        // Where this cannot be written, low ports need the rights that they need elsewhere.
        let _ = std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
        Ok(Host::isolated())
    }
}

/// Whether this process may make namespaces as it is.
fn may_make() -> bool {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let rights = rights.and_then(|rights| u64::from_str_radix(rights.trim(), 16).ok());
    rights.is_some_and(|rights| rights >> SYS_ADMIN & 1 == 1)
}

/// Enters a user namespace in which this user and this group have the numbers that they have outside: files,
/// and programs that look who they are, see no difference.
fn enter_user_namespace() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    // Without this the kernel lets no ordinary user say which group he is: user_namespaces(7).
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

impl NoNamespaces {
    /// The reason in the machine's own settings, where one of them explains the error.
    fn because(error: &io::Error) -> Self {
        let setting = |name: &str| {
            let value = std::fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/")));
            value.ok().and_then(|value| value.trim().parse::<u64>().ok())
        };
        let is = |name: &str, value: u64| setting(name) == Some(value);
        let allow = |what: &str| format!("`sysctl -w {what}`, as root, allows them");
        let (reason, help) = if is("user.max_user_namespaces", 0) && !may_make() {
            ("user.max_user_namespaces is 0", allow("user.max_user_namespaces=10000"))
        } else if is("user.max_net_namespaces", 0) {
            ("user.max_net_namespaces is 0", allow("user.max_net_namespaces=10000"))
        } else if is("kernel.unprivileged_userns_clone", 0) {
            ("kernel.unprivileged_userns_clone is 0", allow("kernel.unprivileged_userns_clone=1"))
        } else if is("kernel.apparmor_restrict_unprivileged_userns", 1) {
            let name = "kernel.apparmor_restrict_unprivileged_userns";
            (
                "AppArmor forbids it (kernel.apparmor_restrict_unprivileged_userns is 1)",
                allow(&format!("{name}=0")),
            )
        } else {
            return Self::for_no_known_reason(error);
        };
        Self::new(reason, help)
    }

    fn for_no_known_reason(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EPERM | Errno::EACCES) => Self::new(
                "not permitted, as in most containers",
                "let the container make namespaces: --security-opt seccomp=unconfined for an ordinary user, --cap-add SYS_ADMIN for root".to_owned(),
            ),
            Some(Errno::ENOSPC | Errno::EUSERS | Errno::ENOMEM) => Self::new(
                "there are as many as this machine allows",
                "see user.max_user_namespaces and user.max_net_namespaces".to_owned(),
            ),
            Some(Errno::EINVAL | Errno::ENOSYS) => {
                Self::new("this kernel was built without them", "run without it here".to_owned())
            }
            _ => Self::new(&error.kind().to_string(), "run without it here".to_owned()),
        }
    }

    fn new(reason: &str, help: String) -> Self {
        Self { why: format!("namespaces cannot be made here: {reason}"), help }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Runs in a thread of its own where namespaces can be made: it stays in the one it is in.
    fn isolated(test: impl FnOnce(Namespaces) + Send + 'static) {
        // This process has many threads, so that it cannot enter a user namespace.
        if !may_make() {
            #[allow(clippy::print_stderr, reason = "says why nothing was tested")]
            {
                eprintln!("skipped: only root makes namespaces in a process of many threads");
            }
            return;
        }
        std::thread::spawn(move || match Namespaces::allow() {
            Ok(namespaces) => test(namespaces),
            #[allow(clippy::print_stderr, reason = "says why nothing was tested")]
            Err(refused) => eprintln!("skipped: {refused}"),
        })
        .join()
        .unwrap();
    }

    #[test]
    fn every_port_is_free_in_a_fresh_namespace_and_the_loopback_is_up() {
        isolated(|namespaces| {
            let outside = TcpListener::bind("127.0.0.1:0").unwrap();
            let at = outside.local_addr().unwrap();
            for _ in 0..3 {
                namespaces.fresh().unwrap();
                let inside = TcpListener::bind(at).unwrap();
                let client = std::net::TcpStream::connect(at).unwrap();
                assert_eq!(inside.accept().unwrap().1, client.local_addr().unwrap());
                TcpListener::bind("127.0.0.1:7").unwrap();
            }
        });
    }

    #[test]
    fn the_reason_is_one_sentence_with_a_way_out() {
        let refused = NoNamespaces::for_no_known_reason(&Errno::EPERM.into());
        assert_eq!(refused.why, "namespaces cannot be made here: not permitted, as in most containers");
        assert!(refused.help.contains("--cap-add SYS_ADMIN"));
    }
}
