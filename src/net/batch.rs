//! Many datagrams in few system calls: `UDP_SEGMENT` and sendmmsg(2) on the way out, `UDP_GRO` and
//! recvmmsg(2) on the way in.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::Domain;
use tokio::io::Interest;

use super::datagram::{Datagram, EARLIER};
use super::endpoint::Endpoint;
use super::error::NetError;
use super::polled::{Kind, unless_blocked};
use super::sys;
use crate::text::ErrorKind;

/// Most bytes that one call with `UDP_SEGMENT` carries: they pass the stack as one packet.
const LARGEST_BURST: usize = 65_000;
/// Most datagrams that one sendmmsg(2) is given.
const MOST_EACH: usize = 64;
/// Room for one receive: the largest datagram, or as many merged ones.
const ROOM: usize = 65_535;
/// What the receive buffer is asked to hold: at full speed the usual 208 KiB last for half a millisecond.
const RECEIVE_BUFFER: i32 = 16 << 20;

impl Datagram {
    /// Options that quinn-udp sets are undone where they would change what a datagram can be: without
    /// this nothing larger than the MTU could be sent.
    fn batched(&self) -> Result<UdpSocketState, NetError> {
        let polled = self.polled();
        let failed = |e: io::Error| NetError::io(self.local(), &e);
        if polled.kind != Kind::Udp {
            return Err(NetError::other(format!(
                "{}: only UDP sockets send and receive batches",
                self.local()
            )));
        }
        let fragmenting = [
            (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
            (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
            (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
        ];
        let before = fragmenting.map(|(level, name)| sys::int_option(polled.fd(), level, name).ok());
        let state = UdpSocketState::new(UdpSockRef::from(polled.socket())).map_err(failed)?;
        for ((level, name), value) in fragmenting.into_iter().zip(before) {
            if let Some(value) = value {
                let _ = sys::set_int_option(polled.fd(), level, name, value);
            }
        }
        Ok(state)
    }

    /// Prepares to send many datagrams to one place.
    pub fn burst(&self, to: &Endpoint) -> Result<Burst<'_>, NetError> {
        let state = self.batched()?;
        // What merges on the way in is for `Intake`: a plain receive would see several datagrams as one.
        let _ = sys::set_int_option(self.polled().fd(), libc::SOL_UDP, libc::UDP_GRO, 0);
        let Endpoint::Inet(at) = to else {
            return Err(NetError::new(ErrorKind::NotAvailable, format!("{to}: not an address for UDP")));
        };
        let mapped = match (at, self.polled().domain) {
            (SocketAddr::V4(v4), Domain::IPV6) => {
                SocketAddr::new(IpAddr::V6(v4.ip().to_ipv6_mapped()), v4.port())
            }
            _ => *at,
        };
        let addresses = vec![Some(SockaddrStorage::from(mapped)); MOST_EACH];
        let headers = MultiHeaders::preallocate(MOST_EACH, None);
        Ok(Burst { datagram: self, state, to: to.clone(), mapped, headers, addresses })
    }

    /// Makes the receive buffer as large as it may be, unless its size was asked for.
    pub fn make_room(&self) {
        let fd = self.polled().fd();
        // Beyond net.core.rmem_max only with CAP_NET_ADMIN.
        if !self.sized
            && sys::set_int_option(fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER).is_err()
        {
            let _ = sys::set_int_option(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER);
        }
    }

    /// Prepares to receive as fast as it goes: from now on only [`Intake::fill`] may receive here, for the
    /// kernel merges datagrams. Makes the receive buffer as large as it may be, unless its size was asked for.
    pub fn intake(&self) -> Result<Intake, NetError> {
        let state = self.batched()?;
        self.make_room();
        let fd = self.polled().fd();
        // Nobody asks to which address or with which marks they came; telling costs a tenth of the rate.
        for (level, name) in [
            (libc::IPPROTO_IP, libc::IP_PKTINFO),
            (libc::IPPROTO_IP, libc::IP_RECVTOS),
            (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
            (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS),
        ] {
            let _ = sys::set_int_option(fd, level, name, 0);
        }
        Ok(Intake {
            state,
            room: vec![0; BATCH_SIZE * ROOM],
            metas: vec![RecvMeta::default(); BATCH_SIZE],
            filled: 0,
        })
    }
}

/// Sends many datagrams to one place.
#[derive(Debug)]
pub struct Burst<'a> {
    datagram: &'a Datagram,
    state: UdpSocketState,
    to: Endpoint,
    mapped: SocketAddr,
    headers: MultiHeaders<SockaddrStorage>,
    addresses: Vec<Option<SockaddrStorage>>,
}

impl Burst<'_> {
    /// How many datagrams of `size` bytes one call can carry; 1 where the kernel does not cut.
    pub fn most(&self, size: usize) -> usize {
        // An empty segment cannot be cut off a larger buffer.
        LARGEST_BURST.checked_div(size).map_or(1, |fit| self.state.max_gso_segments().min(fit).max(1))
    }

    /// Connects the socket, so that the way there is looked up once and not for each datagram. From then on
    /// nobody else is heard.
    pub fn connect(&mut self) -> Result<(), NetError> {
        let connected = self.datagram.polled().socket().connect(&self.mapped.into());
        connected.map_err(|e| self.datagram.refused_or(&self.to, &e))?;
        self.addresses.fill(None);
        Ok(())
    }

    /// Sends `contents` as datagrams of `size` bytes each, at most [`Burst::most`]: all of them or, where
    /// the send buffer stays full for as long as `patience`, none. Blocks this thread.
    pub fn equal(&mut self, contents: &[u8], size: usize, patience: Duration) -> Result<bool, NetError> {
        let transmit = Transmit {
            destination: self.mapped,
            ecn: None,
            contents,
            segment_size: (size > 0 && size < contents.len()).then_some(size),
            src_ip: None,
        };
        let mut earlier = 0;
        loop {
            let sent = self.state.try_send(UdpSockRef::from(self.datagram.polled().socket()), &transmit);
            let taken = match unless_blocked(sent) {
                Err(e) if earlier < EARLIER && self.datagram.is_of_an_earlier_send(&e) => {
                    earlier += 1;
                    continue;
                }
                taken => taken.map_err(|e| self.datagram.refused_or(&self.to, &e))?,
            };
            if taken.is_some() {
                self.datagram.count_sent(contents.len());
                return Ok(true);
            }
            if !self.datagram.has_room_within(patience) {
                return Ok(false);
            }
        }
    }

    /// Sends the first of these datagrams, of any lengths, that one sendmmsg(2) takes, and says how many
    /// that were; none where the send buffer stays full for as long as `patience`. Blocks this thread.
    pub fn each(&mut self, datagrams: &[Vec<u8>], patience: Duration) -> Result<usize, NetError> {
        let some: Vec<[IoSlice<'_>; 1]> =
            datagrams.iter().take(MOST_EACH).map(|bytes| [IoSlice::new(bytes)]).collect();
        let to = self.addresses.get(..some.len()).unwrap_or_default();
        let fd = self.datagram.polled().fd();
        loop {
            let sent = sendmmsg(fd, &mut self.headers, &some, to, [], MsgFlags::MSG_NOSIGNAL);
            let sent = sent
                .map(|results| results.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one.bytes)));
            let taken = unless_blocked(sent.map_err(io::Error::from));
            match taken.map_err(|e| self.datagram.refused_or(&self.to, &e))? {
                Some((count, bytes)) => {
                    self.datagram.count_sent(bytes);
                    return Ok(count);
                }
                None if self.datagram.has_room_within(patience) => {}
                None => return Ok(0),
            }
        }
    }
}

/// Receives many datagrams a call.
#[derive(Debug)]
pub struct Intake {
    state: UdpSocketState,
    room: Vec<u8>,
    metas: Vec<RecvMeta>,
    filled: usize,
}

/// One datagram of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// What it carries; an empty datagram is data too.
    pub bytes: &'a [u8],
    /// Who sent it.
    pub from: SocketAddr,
    /// When the kernel received it, since the Unix epoch.
    pub at: Option<Duration>,
}

impl Intake {
    /// Waits until something has come and takes all that one call gives: [`Intake::arrivals`] are these.
    /// A refusal (ICMP) of something sent before is an error; receiving can go on. Cancel safe.
    pub async fn fill(&mut self, datagram: &Datagram) -> Result<(), NetError> {
        let mut last = None;
        self.filled = 0;
        loop {
            if let Some(refusal) = datagram.take_refusal() {
                return Err(refusal);
            }
            match unless_blocked(self.receive(datagram)) {
                Ok(Some(filled)) => {
                    self.filled = filled;
                    datagram.count_received(self.metas.iter().take(filled).map(|meta| meta.len).sum());
                    return Ok(());
                }
                Ok(None) => {
                    let interest = Interest::READABLE | Interest::ERROR;
                    let waited = datagram.polled().again(interest, &mut last).await;
                    waited.map_err(|e| NetError::io(datagram.local(), &e))?;
                }
                Err(e) => return Err(datagram.receive_error(&e)),
            }
        }
    }

    fn receive(&mut self, datagram: &Datagram) -> io::Result<usize> {
        let mut parts: Vec<IoSliceMut<'_>> = self.room.chunks_mut(ROOM).map(IoSliceMut::new).collect();
        self.state.recv(UdpSockRef::from(datagram.polled().socket()), &mut parts, &mut self.metas)
    }

    /// What the last [`Intake::fill`] took, in the order of arrival.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival<'_>> {
        self.pieces().flat_map(|piece| piece.arrivals())
    }

    /// The same as the kernel gave it: datagrams of one sender and length together.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let filled = self.metas.iter().take(self.filled).zip(self.room.chunks(ROOM));
        filled.map(|(meta, room)| Piece {
            bytes: room.get(..meta.len).unwrap_or(room),
            size: meta.stride,
            from: match Endpoint::from(meta.addr) {
                Endpoint::Inet(at) => at,
                _ => meta.addr,
            },
            at: meta.timestamp,
        })
    }
}

/// Datagrams of one sender, one behind the other: each `size` bytes long but for the last.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// All their bytes.
    pub bytes: &'a [u8],
    /// How long each is; an empty datagram stands alone.
    pub size: usize,
    /// Who sent them.
    pub from: SocketAddr,
    /// When the kernel received them, since the Unix epoch.
    pub at: Option<Duration>,
}

impl<'a> Piece<'a> {
    /// Whether the kernel had merged several.
    pub fn is_merged(&self) -> bool {
        self.count() > 1
    }

    /// How many datagrams it holds.
    pub fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.size.max(1)).max(1)
    }

    /// Each of them.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
        let (from, at) = (self.from, self.at);
        // The stride of an empty datagram is 0, and chunks of nothing are none.
        let empty = self.bytes.is_empty().then_some(self.bytes);
        let bytes = empty.into_iter().chain(self.bytes.chunks(self.size.max(1)));
        bytes.map(move |bytes| Arrival { bytes, from, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::fixture::soon;
    use crate::net::{DatagramOptions, Host};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(20);

    async fn pair() -> (Datagram, Datagram) {
        let open = |_| async {
            Host::here().bind(&"127.0.0.1:0".parse().unwrap(), &DatagramOptions::default()).await.unwrap()
        };
        (open(0).await, open(1).await)
    }

    async fn arrived(intake: &mut Intake, at: &Datagram, count: usize) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while all.len() < count {
            tokio::time::timeout(LONG, intake.fill(at)).await.unwrap().unwrap();
            all.extend(intake.arrivals().map(|arrival| arrival.bytes.to_vec()));
        }
        all
    }

    #[tokio::test]
    async fn equal_datagrams_go_in_one_call_and_arrive_apart() {
        let (from, to) = pair().await;
        let mut intake = to.intake().unwrap();
        let mut burst = from.burst(to.local()).unwrap();
        let contents: Vec<u8> = (0..40u8).flat_map(|n| [n; 10]).collect();
        assert!(burst.equal(&contents, 10, LONG).unwrap());
        let all = arrived(&mut intake, &to, 40).await;
        assert_eq!(all, (0..40u8).map(|n| vec![n; 10]).collect::<Vec<_>>());
        assert_eq!((from.sent(), to.received()), (400, 400));
    }

    #[tokio::test]
    async fn a_short_last_datagram_keeps_its_length() {
        let (from, to) = pair().await;
        let mut intake = to.intake().unwrap();
        from.burst(to.local()).unwrap().equal(b"aaaabbbbcc", 4, LONG).unwrap();
        let all = arrived(&mut intake, &to, 3).await;
        assert_eq!(all, [&b"aaaa"[..], b"bbbb", b"cc"]);
    }

    #[tokio::test]
    async fn unequal_and_empty_datagrams_keep_their_lengths_and_order() {
        let (from, to) = pair().await;
        let mut intake = to.intake().unwrap();
        let mut burst = from.burst(to.local()).unwrap();
        let datagrams = ["one", "", "three!", "", "5"].map(|text| text.as_bytes().to_vec());
        let mut rest = &datagrams[..];
        while !rest.is_empty() {
            let taken = burst.each(rest, LONG).unwrap();
            rest = &rest[taken..];
        }
        burst.equal(b"", 0, LONG).unwrap();
        let all = arrived(&mut intake, &to, 6).await;
        assert_eq!(all, [&b"one"[..], b"", b"three!", b"", b"5", b""]);
    }

    #[tokio::test]
    async fn a_datagram_larger_than_the_mtu_still_goes_after_a_burst() {
        let (from, to) = pair().await;
        let _burst = from.burst(to.local()).unwrap();
        let before = sys::int_option(from.polled().fd(), libc::IPPROTO_IP, libc::IP_MTU_DISCOVER).unwrap();
        assert_eq!(before, libc::IP_PMTUDISC_WANT);
        let mut intake = to.intake().unwrap();
        from.send(&vec![7; 65_507], Some(to.local())).await.unwrap();
        assert_eq!(arrived(&mut intake, &to, 1).await, [vec![7; 65_507]]);
    }

    #[tokio::test]
    async fn a_refusal_does_not_stop_the_burst_that_meets_it_and_is_told_to_who_asks() {
        let (from, to) = pair().await;
        let gone = to.local().clone();
        to.close();
        from.set(crate::text::SocketOption::ReceiveErrors, &crate::text::OptionValue::Bool(true)).unwrap();
        let mut burst = from.burst(&gone).unwrap();
        burst.equal(b"first", 5, LONG).unwrap();
        burst.equal(b"next", 4, LONG).unwrap();
        let refused = soon(from.refusal()).await;
        assert_eq!(refused.kind, ErrorKind::Refused);
        assert!(refused.message.contains("port unreachable"), "{refused}");
    }
}
