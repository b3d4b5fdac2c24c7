//! How a datagram socket is opened: bound, joined and connected as asked.

use std::io;

use socket2::Domain;

use super::Datagram;
use crate::net::endpoint::Endpoint;
use crate::net::error::NetError;
use crate::net::host::{self, DatagramOptions, Host};
use crate::net::multicast::{self, Interface};
use crate::net::polled::Kind;
use crate::net::{options, resolve};
use crate::text::{Address, OptionValue, SocketOption};

impl Host {
    /// Opens a datagram socket: binds it, joins and connects as asked.
    pub async fn bind(&self, at: &Address, o: &DatagramOptions) -> Result<Datagram, NetError> {
        let mut failed = Vec::new();
        let interface = o.interface.as_deref().map(Interface::find).transpose()?;
        for endpoint in self.resolve(at).await? {
            match open(self, at, &endpoint, o, interface.as_ref()).await {
                Ok(datagram) => return Ok(datagram),
                Err(e) => failed.push(e),
            }
        }
        Err(host::all_failed(at, &failed))
    }
}

async fn open(
    host: &Host,
    address: &Address,
    at: &Endpoint,
    o: &DatagramOptions,
    interface: Option<&Interface>,
) -> Result<Datagram, NetError> {
    let failed = |e: io::Error| NetError::io(at, &e);
    let kind = if at.port().is_some() { Kind::Udp } else { Kind::UnixDatagram };
    let mut polled = host.open(kind, at.domain()).map_err(failed)?;
    if polled.domain == Domain::IPV6 && matches!(address, Address::Any { .. }) {
        polled.socket().set_only_v6(false).map_err(failed)?;
    }
    let asked = [
        (o.broadcast, SocketOption::Broadcast),
        (o.reuse_address, SocketOption::ReuseAddress),
        (o.reuse_port, SocketOption::ReusePort),
    ];
    for (_, option) in asked.into_iter().filter(|(asked, _)| *asked) {
        options::set(&polled, option, &OptionValue::Bool(true))?;
    }
    if let Some(ttl) = o.ttl {
        options::set(&polled, SocketOption::Ttl, &OptionValue::Number(ttl.into()))?;
        options::set(&polled, SocketOption::MulticastTtl, &OptionValue::Number(ttl.into()))?;
    }
    options::set_all(&polled, &o.options)?;
    host::bind(&mut polled, at)?;
    if let Some(interface) = interface {
        interface.send_through(&polled)?;
    }
    if let Some(group) = o.join {
        multicast::join(&polled, group, interface)?;
    }
    let local = polled.local().map_err(failed)?;
    let mut datagram = Datagram::new(polled, local);
    datagram.one_family = resolve::family_asked_for(address).is_some();
    datagram.sized = o.options.iter().any(|(option, _)| *option == SocketOption::ReceiveBuffer);
    if let Some(to) = &o.to {
        datagram.connect(host, to).await?;
    }
    Ok(datagram)
}
