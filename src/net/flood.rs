//! `Flood`: how a stream whose bytes nobody wants is made to wake its reader seldom while they come fast.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::polled::Polled;
use super::sys;

/// What one receive finds at least where bytes come faster than they are dropped.
const FAST: usize = 128 << 10;
/// What gathers before the reader is woken (`SO_RCVLOWAT`): by then a waking costs little beside the dropping, and the
/// receive buffer, which the kernel makes large enough for it (tcp(7)), is far from full.
const GATHERED: libc::c_int = 2 << 20;
/// How many streams may gather at once: a thousand floods are not to hold a thousand times as much of the kernel's memory.
const MOST: usize = 16;

static GATHERING: AtomicUsize = AtomicUsize::new(0);

/// The gathering of one stream, as long as it lasts. Then the mark is as it was: what has gathered is readable at once, and
/// whoever reads next is woken by a byte.
#[derive(Debug)]
pub(super) struct Flood<'a> {
    polled: &'a Polled,
    /// How many streams gather now.
    gathering: &'a AtomicUsize,
    /// What the mark was before it was raised.
    before: libc::c_int,
}

/// How long what has gathered may lie there when no more comes.
pub(super) const STALL: Duration = Duration::from_millis(10);

impl<'a> Flood<'a> {
    /// Begins, where one receive found so much that bytes come fast. Boxed, for an idle connection is to be small.
    pub(super) fn after(count: usize, polled: &'a Polled) -> Option<Box<Self>> {
        Self::beside(&GATHERING, count, polled)
    }

    fn beside(gathering: &'a AtomicUsize, count: usize, polled: &'a Polled) -> Option<Box<Self>> {
        if count < FAST {
            return None;
        }
        let before = sys::int_option(polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT).ok()?;
        let more = |now| (now < MOST).then_some(now + 1);
        gathering.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        let flood = Box::new(Self { polled, gathering, before });
        flood.mark(GATHERED.max(before));
        Some(flood)
    }

    /// Where the kernel has no such mark, or the stream has failed, the reader is woken as before.
    fn mark(&self, bytes: libc::c_int) {
        let _ = sys::set_int_option(self.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes);
    }
}

impl Drop for Flood<'_> {
    fn drop(&mut self) {
        self.mark(self.before);
        self.gathering.fetch_sub(1, Ordering::Relaxed);
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
        assert!(Flood::beside(&none, FAST - 1, &server.polled).is_none());
        assert_eq!(mark(&server), 1);
        let flood = Flood::beside(&none, FAST, &server.polled);
        assert!(flood.is_some() && mark(&server) > 1);
        drop(flood);
        assert_eq!((mark(&server), none.into_inner()), (1, 0));
    }

    #[tokio::test]
    async fn a_mark_that_was_set_is_the_mark_afterwards() {
        let (_client, server) = tcp().await;
        sys::set_int_option(server.polled.fd(), libc::SOL_SOCKET, libc::SO_RCVLOWAT, 5).unwrap();
        let none = AtomicUsize::new(0);
        let flood = Flood::beside(&none, FAST, &server.polled);
        assert!(flood.is_some() && mark(&server) > 5);
        drop(flood);
        assert_eq!(mark(&server), 5);
    }

    #[tokio::test]
    async fn not_all_of_many_floods_gather_at_once() {
        let (_client, server) = tcp().await;
        let others = AtomicUsize::new(MOST);
        assert!(Flood::beside(&others, FAST, &server.polled).is_none());
        assert_eq!(mark(&server), 1);
        others.store(MOST - 1, Ordering::Relaxed);
        assert!(Flood::beside(&others, FAST, &server.polled).is_some(), "one of them is over");
        assert_eq!(others.into_inner(), MOST - 1);
    }
}
