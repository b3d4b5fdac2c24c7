//! F1', sockets only: listeners, streams, datagram sockets, what the kernel knows of them, and TLS over them.
//!
//! Knows neither steps nor events. The one floor that makes socket calls; `host` is where sockets are
//! opened, `sys` where unsafe code is.

mod connect;
mod datagram;
mod end;
mod endpoint;
mod error;
mod facts;
#[cfg(test)]
mod fixture;
mod glimpse;
mod host;
mod icmp;
mod inbox;
mod limits;
mod listener;
mod multicast;
mod offers;
mod options;
mod polled;
mod port_hold;
mod resolve;
mod scratch;
mod send;
mod service;
mod stream;
mod sys;
mod table;
mod tls;
mod tls_config;
mod unix_path;
mod urgent;

pub use datagram::{Datagram, Message, relay_datagrams};
pub use end::End;
pub use endpoint::Endpoint;
pub use error::NetError;
pub use glimpse::{DatagramGlimpse, StreamGlimpse};
pub use host::{ConnectOptions, DatagramOptions, Host, ListenOptions};
pub use inbox::{Incoming, Received};
pub use limits::raise_open_files;
pub use listener::Listener;
pub use port_hold::PortHold;
pub use send::SendFlags;
pub use service::{Counts, relay};
pub use stream::Stream;
pub use table::is_listening;
pub use tls::TlsInfo;
pub use tls_config::{TlsSettings, TlsSide, self_signed_pem};
