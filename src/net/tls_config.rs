//! What a TLS handshake needs: roots, certificates and keys, read from PEM or made on the fly, always
//! with the ring provider.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore};
use rustls::{ServerConfig, ServerConnection, SignatureScheme};

use super::endpoint::Endpoint;
use super::error::NetError;
use super::key_log::key_log;
use crate::text::ErrorKind;

/// Which side of the handshake to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsSide {
    /// Sends the `ClientHello` and checks the certificate.
    Client,
    /// Shows a certificate.
    Server,
}

/// How to do TLS. Texts are PEM.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Which side of the handshake to play.
    pub side: TlsSide,
    /// The name the certificate must have; `localhost` for loopback addresses and unix sockets unless
    /// given, else the peer's address. Of a server: one more name for the certificate made on the fly.
    pub name: Option<String>,
    /// The roots to trust instead of the machine's.
    pub ca: Option<Vec<u8>>,
    /// Accept any certificate.
    pub insecure: bool,
    /// Protocols to offer or to accept, the preferred first (RFC 7301).
    pub alpn: Vec<String>,
    /// Certificate chain. A server without one makes one; a client shows one only if given.
    pub cert: Option<Vec<u8>>,
    /// The key of `cert`, unless `cert` holds it.
    pub key: Option<Vec<u8>>,
    /// Write the secrets to the file that SSLKEYLOGFILE names.
    pub key_log: bool,
}

impl TlsSettings {
    /// Settings of that side with nothing asked for.
    pub fn new(side: TlsSide) -> Self {
        Self {
            side,
            name: None,
            ca: None,
            insecure: false,
            alpn: Vec::new(),
            cert: None,
            key: None,
            key_log: false,
        }
    }
}

impl TlsSettings {
    /// Whether its certificates, its key and its name can be used, looked at without a peer.
    pub fn prove(&self) -> Result<(), NetError> {
        let provider = Arc::new(ring::default_provider());
        if let Some(name) = &self.name {
            known_name(name)?;
        }
        match self.side {
            // The machine's own roots are not this one's to be judged.
            TlsSide::Client if self.ca.is_none() && self.cert.is_none() => Ok(()),
            TlsSide::Client => client(self, provider).map(drop),
            TlsSide::Server => server(self, provider).map(drop),
        }
    }
}

fn failed(why: impl std::fmt::Display) -> NetError {
    NetError::new(ErrorKind::Tls, format!("TLS: {why}"))
}

/// A connection that has not said anything yet.
pub(super) fn connection(t: &TlsSettings, peer: &Endpoint) -> Result<Connection, NetError> {
    let provider = Arc::new(ring::default_provider());
    let alpn = t.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    match t.side {
        TlsSide::Client => {
            let mut config = client(t, provider)?;
            config.alpn_protocols = alpn;
            if t.key_log {
                config.key_log = key_log();
            }
            let name = server_name(t, peer)?;
            ClientConnection::new(Arc::new(config), name).map(Connection::from).map_err(failed)
        }
        TlsSide::Server => {
            let mut config = server(t, provider)?;
            config.alpn_protocols = alpn;
            if t.key_log {
                config.key_log = key_log();
            }
            ServerConnection::new(Arc::new(config)).map(Connection::from).map_err(failed)
        }
    }
}

fn client(t: &TlsSettings, provider: Arc<CryptoProvider>) -> Result<ClientConfig, NetError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
    let builder = if t.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(match &t.ca {
            Some(pem) => Arc::new(roots(pem)?),
            None => native_roots(),
        })
    };
    match &t.cert {
        None => Ok(builder.with_no_client_auth()),
        Some(cert) => {
            let (chain, key) = chain_and_key(cert, t.key.as_deref())?;
            builder.with_client_auth_cert(chain, key).map_err(not_usable)
        }
    }
}

fn server(t: &TlsSettings, provider: Arc<CryptoProvider>) -> Result<ServerConfig, NetError> {
    let (chain, key) = if let Some(cert) = &t.cert {
        chain_and_key(cert, t.key.as_deref())?
    } else {
        let (cert, key) = self_signed_pem(t.name.as_deref())?;
        chain_and_key(cert.as_bytes(), Some(key.as_bytes()))?
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
    let builder = match &t.ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pem)?), provider);
            builder.with_client_cert_verifier(clients.build().map_err(failed)?)
        }
    };
    builder.with_single_cert(chain, key).map_err(not_usable)
}

/// Why a certificate and a key are of no use.
fn not_usable(error: rustls::Error) -> NetError {
    match error {
        rustls::Error::InconsistentKeys(_) => failed("the key does not belong to the certificate"),
        other => failed(other),
    }
}

fn server_name(t: &TlsSettings, peer: &Endpoint) -> Result<ServerName<'static>, NetError> {
    match (&t.name, peer.ip()) {
        (Some(name), _) => known_name(name),
        (None, Some(ip)) if !ip.is_loopback() => Ok(ServerName::from(ip)),
        (None, _) => ServerName::try_from("localhost").map_err(failed),
    }
}

fn known_name(name: &str) -> Result<ServerName<'static>, NetError> {
    let known = ServerName::try_from(name.to_owned());
    known.map_err(|_| failed(format_args!("`{}` is no server name", name.escape_debug())))
}

/// How a PEM text says that a key in it is encrypted (RFC 7468, section 11; RFC 1421, section 4.6.1.1).
const ENCRYPTED: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn chain_and_key(cert: &[u8], key: Option<&[u8]>) -> Result<ChainAndKey, NetError> {
    let chain = certificates(cert)?;
    let pem = key.unwrap_or(cert);
    if ENCRYPTED.iter().any(|mark| pem.windows(mark.len()).any(|at| at == *mark)) {
        return Err(failed("the key is encrypted: `openssl pkey -in KEY -out PLAIN` makes one that is not"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.unwrap_or(cert));
    Ok((chain, key.map_err(|e| failed(format_args!("the key cannot be read: {e}")))?))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|e| failed(format_args!("the certificate cannot be read: {e}")))?;
    if read.is_empty() { Err(failed("the PEM text holds no certificate")) } else { Ok(read) }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, NetError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(failed)?;
    }
    Ok(roots)
}

/// The machine's roots, read once a process; those that cannot be read are left out.
fn native_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(read))
}

/// A certificate and its key as PEM, for `localhost`, `127.0.0.1`, `::1` and `name`; it is its own trust
/// anchor. Made once a process for each name.
pub fn self_signed_pem(name: Option<&str>) -> Result<(String, String), NetError> {
    static MADE: Mutex<BTreeMap<Option<String>, (String, String)>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = name.map(str::to_owned);
    if let Some(pem) = made.get(&name) {
        return Ok(pem.clone());
    }
    let pem = make(name.as_deref()).map_err(failed)?;
    made.insert(name, pem.clone());
    Ok(pem)
}

fn make(name: Option<&str>) -> Result<(String, String), rcgen::Error> {
    // Names that are addresses become address entries: rcgen tells them apart.
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
    let mut params = CertificateParams::new(names)?;
    debug_assert!(params.subject_alt_names.iter().any(|name| matches!(name, SanType::IpAddress(_))));
    params.distinguished_name.push(DnType::CommonName, "sockdrill");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// `insecure`: any certificate will do; the handshake's signatures are checked all the same.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
