//! The few system calls that neither nix nor socket2 offers safely. All unsafe code of sockdrill is here.
//!
//! What stays inside: pointers never outlive the call, lengths are those of the buffers handed in.
#![allow(
    unsafe_code,
    reason = "TCP_INFO, SO_MEMINFO, SIOCINQ, SIOCSIFFLAGS, what a signal does, registering a file, receiving into spare capacity: nothing safe does these"
)]

use std::fs::File;
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;
use std::sync::{Mutex, OnceLock, PoisonError};

use libc::{c_int, c_short, c_void, socklen_t};
use socket2::{SockAddr, Socket};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::starting;

/// `tcpi_state` once an open descriptor's connection is over (include/net/`tcp_states`.h).
pub(super) const TCP_CLOSE: u8 = 7;
/// While the handshake is under way.
pub(super) const TCP_SYN_SENT: u8 = 2;
/// The states in which our FIN is not acknowledged: fin-wait-1, last-ack, closing.
pub(super) const FIN_UNDER_WAY: [u8; 3] = [4, 9, 11];
/// The states in which the peer's FIN has been received: time-wait, close-wait, last-ack, closing.
pub(super) const FIN_RECEIVED: [u8; 4] = [6, 8, 9, 11];

/// A file of which the runtime knows when there is something to read; an error where the kernel does not say so.
pub fn readable(file: File) -> io::Result<AsyncFd<File>> {
    // SAFETY: a file owns its descriptor, and this one is not reached from anywhere else while it is registered.
    unsafe { Ok(AsyncFd::register_with_interest(file, Interest::READABLE)?) }
}

fn checked(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// `TCP_INFO` (tcp(7)); fields that this kernel does not know are 0.
pub(super) fn tcp_info(fd: RawFd) -> io::Result<libc::tcp_info> {
    // SAFETY: tcp_info is integers only, for which all zeroes are valid.
    let mut info: libc::tcp_info = unsafe { zeroed() };
    get_option(fd, libc::IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
    Ok(info)
}

/// `SO_MEMINFO`: the counters of `sock_diag`'s `SK_MEMINFO_*`, in their order.
pub(super) fn meminfo(fd: RawFd) -> io::Result<[u32; 9]> {
    let mut counters = [0u32; 9];
    get_option(fd, libc::SOL_SOCKET, libc::SO_MEMINFO, &mut counters)?;
    Ok(counters)
}

/// A socket option that is an int.
pub(super) fn int_option(fd: RawFd, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    get_option(fd, level, name, &mut value)?;
    Ok(value)
}

/// Sets a socket option that is an int.
pub(super) fn set_int_option(fd: RawFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    // SAFETY: the pointer is to a live c_int and the length is its size.
    let result = unsafe {
        libc::setsockopt(fd, level, name, (&raw const value).cast::<c_void>(), length_of::<c_int>())
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// T must be integers only, so that any bytes the kernel writes are a valid value: private to this file.
fn get_option<T: Copy>(fd: RawFd, level: c_int, name: c_int, value: &mut T) -> io::Result<()> {
    let mut length = length_of::<T>();
    // SAFETY: the pointer is to a live T and `length` is its size, which the kernel does not exceed.
    let result =
        unsafe { libc::getsockopt(fd, level, name, ptr::from_mut(value).cast::<c_void>(), &raw mut length) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn length_of<T>() -> socklen_t {
    socklen_t::try_from(size_of::<T>()).unwrap_or(socklen_t::MAX)
}

/// Bytes waiting to be received (SIOCINQ, tcp(7)); of a datagram socket, the size of the next one.
pub(super) fn inq(fd: RawFd) -> io::Result<usize> {
    int_ioctl(fd, libc::FIONREAD)
}

/// Bytes sent and not acknowledged (SIOCOUTQ, tcp(7)).
pub(super) fn outq(fd: RawFd) -> io::Result<usize> {
    int_ioctl(fd, libc::TIOCOUTQ)
}

fn int_ioctl(fd: RawFd, request: libc::Ioctl) -> io::Result<usize> {
    let mut value: c_int = 0;
    // SAFETY: both requests used here write one int to the pointer.
    let result = unsafe { libc::ioctl(fd, request, &raw mut value) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(usize::try_from(value).unwrap_or(0)) }
}

/// Whether the process ignores this signal now (sigaction(2)); not, where there is no such signal.
pub fn signal_is_ignored(signal: c_int) -> bool {
    // SAFETY: sigaction is integers and a pointer that may be null, for which all zeroes are valid.
    let mut now: libc::sigaction = unsafe { zeroed() };
    // SAFETY: without a new action nothing changes; what is in force is written to a live sigaction.
    let result = unsafe { libc::sigaction(signal, ptr::null(), &raw mut now) };
    result == 0 && now.sa_sigaction == libc::SIG_IGN
}

/// Has what is written to a pipe or a socket that nobody reads fail with EPIPE (signal(7)): the signal that comes too
/// would end the process.
pub fn ignore_broken_pipes() {
    // SAFETY: no handler is installed, only what the kernel does with the signal is said.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Sets the loopback interface of this thread's network namespace up (netdevice(7)), which gives it its
/// addresses too.
pub(super) fn raise_loopback() -> io::Result<()> {
    let any = Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
    // SAFETY: ifreq is a name and a union of plain data, for which all zeroes are valid.
    let mut request: libc::ifreq = unsafe { zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed();
    }
    let flags = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = c_short::try_from(flags).unwrap_or(0);
    // SAFETY: the request reads one ifreq from the pointer, whose name ends with a zero.
    let result = unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Which of `wanted`, POLLERR and POLLHUP hold now (poll(2)); consumes nothing. nix does not know POLLRDHUP.
pub(super) fn events(fd: RawFd, wanted: c_short) -> c_short {
    let mut polled = libc::pollfd { fd, events: wanted, revents: 0 };
    // SAFETY: the pointer is to one live pollfd, and the count says so; with time-out 0 it never waits.
    let ready = unsafe { libc::poll(&raw mut polled, 1, 0) };
    if ready > 0 { polled.revents } else { 0 }
}

/// One recv of at most `max` bytes to the end of `to`, without zeroing the room first.
pub(super) fn recv_append(fd: RawFd, to: &mut Vec<u8>, max: usize, flags: c_int) -> io::Result<usize> {
    to.reserve(max);
    let spare = to.spare_capacity_mut();
    let room = spare.len().min(max);
    // SAFETY: the pointer is to `room` writable bytes of the vector's spare capacity.
    let got = checked(unsafe { libc::recv(fd, spare.as_mut_ptr().cast::<c_void>(), room, flags) })?;
    let got = got.min(room);
    // SAFETY: the kernel has just written `got` bytes, no more than the spare room, behind the old length.
    unsafe { to.set_len(to.len() + got) };
    Ok(got)
}

/// Throws away at most `max` bytes of a TCP socket without copying them (`MSG_TRUNC`, tcp(7)).
pub(super) fn recv_discard(fd: RawFd, max: usize) -> io::Result<usize> {
    // SAFETY: with MSG_TRUNC a TCP socket writes nothing to the buffer; any other socket would meet the
    // null pointer in the kernel's copy and return EFAULT.
    checked(unsafe { libc::recv(fd, ptr::null_mut(), max, libc::MSG_TRUNC | libc::MSG_DONTWAIT) })
}

/// recvfrom(2) with flags into an initialised buffer; with `MSG_TRUNC` the length may exceed the buffer's.
pub(super) fn recv_from(socket: &Socket, buf: &mut [u8], flags: c_int) -> io::Result<(usize, SockAddr)> {
    // SAFETY: u8 and MaybeUninit<u8> have one layout, and recvfrom only ever writes initialised bytes.
    let buf = unsafe { &mut *(ptr::from_mut(buf) as *mut [MaybeUninit<u8>]) };
    socket.recv_from_with_flags(buf, flags)
}

/// connect(2) with `AF_UNSPEC`: a TCP socket sends RST at once and is closed, though the descriptor stays.
pub(super) fn disconnect(socket: &Socket) -> io::Result<()> {
    // SAFETY: sockaddr is integers only, for which all zeroes are valid; AF_UNSPEC is 0.
    let nowhere: libc::sockaddr = unsafe { zeroed() };
    // SAFETY: the pointer is to a live sockaddr and the length is its size.
    let result =
        unsafe { libc::connect(socket.as_raw_fd(), &raw const nowhere, length_of::<libc::sockaddr>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// One for all sockets, since each registers once and a connection is to be small.
static REGISTERING: Mutex<()> = Mutex::new(());

/// A socket and, once it first has to wait, its registration with the runtime's poll set. The fields are
/// private so that the descriptor outlives its registration.
#[derive(Debug)]
pub(super) struct RegisteredSocket {
    registration: OnceLock<AsyncFd<RawFd>>,
    socket: ManuallyDrop<Socket>,
}

impl Drop for RegisteredSocket {
    fn drop(&mut self) {
        drop(self.registration.take());
        let _nobody_starts = starting::none();
        // SAFETY: this is the end of `self`, so that nothing uses the socket after it.
        unsafe { ManuallyDrop::drop(&mut self.socket) };
    }
}

impl RegisteredSocket {
    pub(super) fn new(socket: Socket) -> Self {
        Self { registration: OnceLock::new(), socket: ManuallyDrop::new(socket) }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The registration, once there is one.
    pub(super) fn registered(&self) -> Option<&AsyncFd<RawFd>> {
        self.registration.get()
    }

    /// Registers with the current runtime, whose I/O must be enabled; from then on it is that one's. For what it is
    /// registered is decided the first time.
    pub(super) fn registration(&self, interest: Interest) -> io::Result<&AsyncFd<RawFd>> {
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        // One fd can be in an epoll set once: two halves that wait for the first time must not race.
        let _alone = REGISTERING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        // SAFETY: the descriptor is that of `socket`, which nothing replaces or closes while `self` lives,
        // and the registration is dropped first.
        let registration = unsafe { AsyncFd::register_with_interest(self.socket.as_raw_fd(), interest)? };
        Ok(self.registration.get_or_init(|| registration))
    }
}
