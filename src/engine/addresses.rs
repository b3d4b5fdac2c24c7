//! `Addresses`: where a socket was, for steps that name it after its end.

use crate::net::Endpoint;

/// Addresses of a socket, remembered after it is closed.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub local: Endpoint,
    pub peer: Option<Endpoint>,
    /// It takes IPv6 only.
    pub only_v6: bool,
}
