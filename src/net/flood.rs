//! `Flood`: how a stream whose bytes nobody wants is made to wake its reader seldom while they come fast.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::polled::Polled;
use super::sys;

/// What one receive finds at least where bytes come faster than they are dropped.
const FAST: usize = 128 << 10;
/// What gathers before the reader is woken (`SO_RCVLOWAT`): by then a waking costs little beside the dropping, and the
/// receive buffer, which the kernel makes large enough for it (tcp(7)), is far from full.
const GATHERED: usize = 2 << 20;
/// How long what has gathered may lie there when no more comes.
const STALL: Duration = Duration::from_millis(10);
/// How many streams may gather at once: a thousand floods are not to hold a thousand times as much of the kernel's memory.
const MOST: usize = 16;

static GATHERING: AtomicUsize = AtomicUsize::new(0);

/// The gathering of one stream. The mark is as it was once this is dropped, so that whoever reads next is woken by a byte.
#[derive(Debug)]
pub(super) struct Flood<'a> {
    polled: &'a Polled,
    /// How many streams gather now.
    gathering: &'a AtomicUsize,
    /// What the mark was before it was raised.
    before: Option<libc::c_int>,
}

impl<'a> Flood<'a> {
    pub(super) fn of(polled: &'a Polled) -> Self {
        Self { polled, gathering: &GATHERING, before: None }
    }

    /// Looks at what one receive found: from the first that says that bytes come fast they gather.
    pub(super) fn saw(&mut self, count: usize) {
        if count < FAST || self.before.is_some() {
            return;
        }
        if self.gathering.fetch_add(1, Ordering::Relaxed) < MOST {
            self.before = self.raise();
        }
        if self.before.is_none() {
            self.gathering.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// How long to wait at most before what has come is received, while bytes gather.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.before.map(|_| STALL)
    }

    /// Bytes gather no longer: those that have are readable at once.
    pub(super) fn over(&mut self) {
        if let Some(before) = self.before.take() {
            // A stream that failed meanwhile says so to the next receive.
            let _ = self.mark(before);
            self.gathering.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// None where the kernel has no such mark.
    fn raise(&self) -> Option<libc::c_int> {
        let before = sys::int_option(self.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT).ok()?;
        let mark = libc::c_int::try_from(GATHERED).ok()?.max(before);
        self.mark(mark).ok().map(|()| before)
    }

    fn mark(&self, bytes: libc::c_int) -> std::io::Result<()> {
        sys::set_int_option(self.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes)
    }
}

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.over();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Stream;
    use super::super::fixture::{bytes, recv, send, tcp, until};
    use super::*;

    const MUCH: usize = 8 << 20;

    fn mark(stream: &Stream) -> libc::c_int {
        sys::int_option(stream.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT).unwrap()
    }

    /// As many others gather as `gathering` says: the tests of one process do not hinder each other.
    fn beside<'a>(gathering: &'a AtomicUsize, stream: &'a Stream) -> Flood<'a> {
        Flood { polled: &stream.polled, gathering, before: None }
    }

    #[tokio::test]
    async fn what_comes_after_a_flood_is_received_though_it_is_little_and_the_peer_sends_no_more() {
        let (client, server) = tcp().await;
        let flooding = async {
            send(&client, &vec![7; MUCH]).await;
            send(&client, b"and a little").await;
            until(|| server.received() == MUCH as u64 + 12).await;
        };
        tokio::select! {
            end = server.discard() => panic!("the peer did not end: {end:?}"),
            () = flooding => {}
        }
        assert_eq!(mark(&server), 1, "as it was");
        send(&client, b"x").await;
        assert_eq!(recv(&server, 9).await, bytes("x"));
    }

    #[tokio::test]
    async fn bytes_gather_from_the_first_receive_that_finds_many_until_it_is_over() {
        let (_client, server) = tcp().await;
        let none = AtomicUsize::new(0);
        let mut flood = beside(&none, &server);
        flood.saw(FAST - 1);
        assert_eq!((mark(&server), flood.patience()), (1, None));
        flood.saw(FAST);
        assert!(mark(&server) > 1 && flood.patience().is_some());
        flood.over();
        assert_eq!((mark(&server), flood.patience()), (1, None));
    }

    #[tokio::test]
    async fn a_mark_that_was_set_is_the_mark_afterwards() {
        let (_client, server) = tcp().await;
        sys::set_int_option(server.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, 5).unwrap();
        let none = AtomicUsize::new(0);
        let mut flood = beside(&none, &server);
        flood.saw(FAST);
        assert!(flood.patience().is_some());
        drop(flood);
        assert_eq!(mark(&server), 5);
    }

    #[tokio::test]
    async fn not_all_of_many_floods_gather_at_once() {
        let (_client, server) = tcp().await;
        let others = AtomicUsize::new(MOST);
        let mut flood = beside(&others, &server);
        flood.saw(FAST);
        assert_eq!((mark(&server), flood.patience()), (1, None));
        others.store(MOST - 1, Ordering::Relaxed);
        flood.saw(FAST);
        assert!(flood.patience().is_some(), "one of them is over");
        drop(flood);
        assert_eq!(others.into_inner(), MOST - 1);
    }
}
