//! The limit on open files, which is the limit on connections, and that on those that wait to be accepted.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the soft limit on open files to the hard one; returns (before, after).
pub fn raise_open_files() -> io::Result<(u64, u64)> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok((soft, hard))
}

/// How many connections the kernel lets wait at a listener, whatever it asks for: `net.core.somaxconn`.
pub fn most_waiting() -> Option<u32> {
    std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let (before, after) = raise_open_files().unwrap();
        assert!(before <= after);
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (after, after));
    }
}
