//! Why there is no TLS: in words, and as what somebody can do something about.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// A reason for which TLS fails and for which there is a way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// What the peer sends is no TLS.
    NoTls,
    /// Nobody who is trusted has signed the peer's certificate.
    UnknownIssuer,
    /// The peer's certificate is for another name.
    OtherName,
    /// The peer's certificate is that of an authority, which is no server's own.
    Authority,
    /// The time of the peer's certificate is over, or has not begun.
    Expired,
    /// The peer's certificate is not accepted for another reason.
    Certificate,
}

/// What it is, and why in words.
pub(super) fn of(error: &Error) -> (Option<TlsFault>, String) {
    match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            (Some(TlsFault::NoTls), "the peer does not speak it (InvalidContentType)".to_owned())
        }
        Error::AlertReceived(alert) => (None, refusal(*alert)),
        Error::InvalidCertificate(certificate) => {
            let fault = of_certificate(certificate);
            let words = match fault {
                TlsFault::Authority => format!(
                    "invalid peer certificate: it is a certificate authority's, and no server's own ({CA_AS_SERVER})"
                ),
                TlsFault::Expired => format!("invalid peer certificate: {}", validity(certificate)),
                _ => error.to_string(),
            };
            (Some(fault), words)
        }
        _ => (None, error.to_string()),
    }
}

/// What the library that verifies calls it: rustls hands its errors on as it finds them.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

fn of_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::OtherName
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
        CertificateError::Other(other) if other.to_string().contains(CA_AS_SERVER) => TlsFault::Authority,
        _ => TlsFault::Certificate,
    }
}

/// Until when a certificate was valid, or from when it will be.
fn validity(error: &CertificateError) -> String {
    let date = |time: &UnixTime| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs());
        humantime::format_rfc3339_seconds(time).to_string()
    };
    match error {
        CertificateError::ExpiredContext { not_after, .. } => format!("it expired at {}", date(not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("it is not valid before {}", date(not_before))
        }
        CertificateError::NotValidYet => "it is not valid yet".to_owned(),
        _ => "it has expired".to_owned(),
    }
}

/// What the peer meant by a fatal alert, in words, and its name (RFC 8446, section 6.2).
fn refusal(alert: AlertDescription) -> String {
    let words = match alert {
        AlertDescription::UnknownCA => "the peer does not trust who signed the certificate",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => "the peer refuses the certificate",
        AlertDescription::CertificateRequired => "the peer wants a certificate of ours",
        AlertDescription::ProtocolVersion => "the peer speaks no version that is spoken here",
        AlertDescription::UnrecognisedName => "the peer is not known by that name",
        AlertDescription::NoApplicationProtocol => "the peer speaks none of the protocols that ALPN names",
        _ => "the peer gave up",
    };
    format!("{words} (alert {alert:?})")
}
