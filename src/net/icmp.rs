//! The error queue of a datagram socket (`IP_RECVERR` in ip(7)): ICMP messages in words.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};

use super::endpoint::Endpoint;
use super::error::NetError;
use super::polled::Polled;
use crate::text::ErrorKind;

/// linux/errqueue.h
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

/// Takes the next ICMP error out of the queue, if the socket keeps one and it is not empty.
pub(super) fn take(polled: &Polled) -> Option<NetError> {
    let mut payload = [0u8; 1];
    let mut parts = [IoSliceMut::new(&mut payload)];
    // Beside it stand the time, the address and the marks that a batch asks for; what is cut holds nothing.
    let mut space = nix::cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6, [u8; 256]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(polled.fd(), &mut parts, Some(&mut space), flags).ok()?;
    let to = message.address.as_ref().and_then(endpoint);
    message.cmsgs().ok()?.find_map(|control| {
        let (error, offender) = match control {
            ControlMessageOwned::Ipv4RecvErr(error, offender) => (error, offender.map(|at| ipv4(&at))),
            ControlMessageOwned::Ipv6RecvErr(error, offender) => (error, offender.map(|at| ipv6(&at))),
            _ => return None,
        };
        let words = words(error.ee_origin, error.ee_type, error.ee_code)?;
        let errno = i32::try_from(error.ee_errno).unwrap_or(0);
        let kind = ErrorKind::of(&std::io::Error::from_raw_os_error(errno));
        let to = to.as_ref().map_or_else(|| "the destination".to_owned(), Endpoint::to_string);
        let by = offender.map(|ip| format!(", said {ip}")).unwrap_or_default();
        Some(NetError::new(kind, format!("{to}: {words}{by}")))
    })
}

/// The usual refusal of a connected socket, of which the kernel keeps no more than the errno.
pub(super) fn refused(peer: &Endpoint) -> NetError {
    let message = format!("{peer}: ICMP port unreachable, nothing is bound there");
    NetError::new(ErrorKind::Refused, message)
}

fn endpoint(at: &SockaddrStorage) -> Option<Endpoint> {
    let v4 = at.as_sockaddr_in().map(|at| SocketAddr::V4((*at).into()));
    v4.or_else(|| at.as_sockaddr_in6().map(|at| SocketAddr::V6((*at).into()))).map(Endpoint::from)
}

fn ipv4(at: &libc::sockaddr_in) -> IpAddr {
    Ipv4Addr::from(u32::from_be(at.sin_addr.s_addr)).into()
}

fn ipv6(at: &libc::sockaddr_in6) -> IpAddr {
    Ipv6Addr::from(at.sin6_addr.s6_addr).to_canonical()
}

/// RFC 792 and RFC 4443 in words; none for what is not ICMP.
fn words(origin: u8, kind: u8, code: u8) -> Option<String> {
    let known = match (origin, kind, code) {
        (ORIGIN_ICMP, 3, 0) => "network unreachable",
        (ORIGIN_ICMP, 3, 1) | (ORIGIN_ICMP6, 1, 3) => "host unreachable",
        (ORIGIN_ICMP, 3, 2) => "protocol unreachable",
        (ORIGIN_ICMP, 3, 3) | (ORIGIN_ICMP6, 1, 4) => "port unreachable, nothing is bound there",
        (ORIGIN_ICMP, 3, 4) | (ORIGIN_ICMP6, 2, _) => "too large for the path",
        (ORIGIN_ICMP, 3, 9 | 10 | 13) | (ORIGIN_ICMP6, 1, 1) => "administratively prohibited",
        (ORIGIN_ICMP6, 1, 0) => "no route",
        (ORIGIN_ICMP, 11, _) | (ORIGIN_ICMP6, 3, _) => "time to live exceeded",
        (ORIGIN_ICMP | ORIGIN_ICMP6, _, _) => "unreachable",
        _ => return None,
    };
    Some(format!("ICMP {known} (type {kind}, code {code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icmp_types_and_codes_are_told_in_words() {
        assert_eq!(
            words(ORIGIN_ICMP, 3, 3).unwrap(),
            "ICMP port unreachable, nothing is bound there (type 3, code 3)"
        );
        assert_eq!(words(ORIGIN_ICMP6, 3, 0).unwrap(), "ICMP time to live exceeded (type 3, code 0)");
        assert_eq!(words(1, 0, 0), None, "a local error is no ICMP");
    }
}
