//! F1', sockets only: listeners, streams, datagram sockets, what the kernel knows of them, and TLS over them.
//!
//! Knows neither steps nor events. The one floor that makes socket calls; `host` is where sockets are
//! opened, `sys` where unsafe code is.

mod arrived;
mod batch;
mod connect;
mod datagram;
mod end;
mod endpoint;
mod error;
mod facts;
#[cfg(test)]
mod fixture;
mod flood;
mod glimpse;
mod host;
mod icmp;
mod inbox;
mod incoming;
mod key_log;
mod lender;
mod limits;
mod listener;
mod multicast;
mod namespace;
mod offers;
mod options;
mod pace;
mod polled;
mod port_hold;
mod resolve;
mod runtime;
mod scratch;
mod send;
mod service;
mod shape;
mod starting;
mod stream;
mod sys;
mod table;
mod tls;
mod tls_config;
mod tls_fault;
mod tls_session;
mod unix_path;
mod urgent;
mod watch;
mod window;

pub use batch::{Arrival, Burst, Intake, Piece};
pub use datagram::{Datagram, Message, relay_datagrams};
pub use end::{End, Parting};
pub use endpoint::Endpoint;
pub use error::NetError;
pub use glimpse::{DatagramGlimpse, StreamGlimpse};
pub use host::{ConnectOptions, DatagramOptions, Host, ListenOptions};
pub use incoming::{Incoming, Received};
pub use key_log::{key_log_problem, key_log_problem_once, open_key_log};
pub use lender::{Lender, Lent};
pub use limits::{most_waiting, raise_open_files};
pub use listener::Listener;
pub use namespace::{Namespaces, NoNamespaces};
pub use pace::Pace;
pub use port_hold::PortHold;
pub use runtime::runtime;
pub use send::SendFlags;
pub use service::relay;
pub use shape::{Cut, Shape};
pub use starting::start_process;
pub use stream::Stream;
pub use sys::{ignore_broken_pipes, readable, signal_is_ignored};
pub use table::listeners;
pub use tls_config::{TlsSettings, TlsSide, self_signed_pem};
pub use tls_fault::TlsFault;
pub use tls_session::TlsInfo;
