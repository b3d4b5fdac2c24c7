//! `Message`: one datagram that has come.

use super::endpoint::Endpoint;

/// One datagram. An empty one is data too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it carries.
    pub bytes: Vec<u8>,
    /// Who sent it.
    pub from: Endpoint,
    /// It was longer than what was asked for, and the rest is lost.
    pub truncated: bool,
}
