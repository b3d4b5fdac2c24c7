//! Both ways with nc, ncat, socat, Python's sockets and openssl, where they are installed: what each end says comes to
//! the other byte for byte, and what sockdrill tells in the end.

use crate::desk::ports::{free_port, free_udp_port, listens, listens_at, receives};
use crate::desk::running::Running;
use crate::desk::{Told, plain};
use crate::is_the_version_looked_at;
use crate::stand::start;
use nix::sys::signal::Signal;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Another program at the other end.
struct Peer {
    program: &'static str,
    /// A line for a shell, in a directory with the files `asked`, `answer`, `cert.pem`, `key.pem` and `peer.py`.
    line: &'static str,
    /// What sockdrill is told beside.
    words: &'static str,
    /// The last line that sockdrill tells, and its exit code.
    told: &'static str,
    code: i32,
}

/// Python's sockets at either end, in as few words as it takes.
const PYTHON: &str = r#"
import socket, ssl, sys
way, kind, where = sys.argv[1:4]
datagrams, secure = kind == "udp", kind == "tls"
at = where if kind == "unix" else ("127.0.0.1", int(where))
s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET,
                  socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
mine = open("answer" if way == "serve" else "asked", "rb").read()
if way == "serve":
    s.bind(at)
    if datagrams:
        came, peer = s.recvfrom(65536)
        s.connect(peer)
    else:
        s.listen()
        s = s.accept()[0]
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("cert.pem", "key.pem")
            s = context.wrap_socket(s, server_side=True)
        came = b"".join(iter(lambda: s.recv(4096), b""))
    s.sendall(mine)
else:
    s.connect(at)
    if secure:
        context = ssl.create_default_context(cafile=sys.argv[4] if len(sys.argv) > 4 else None)
        s = context.wrap_socket(s, server_hostname=sys.argv[5] if len(sys.argv) > 5 else "localhost")
    s.sendall(mine)
    if datagrams:
        came = s.recv(65536)
    else:
        if not secure:
            s.shutdown(socket.SHUT_WR)
        came = b"".join(iter(lambda: s.recv(4096), b""))
sys.stdout.buffer.write(came)
if secure:
    s.unwrap()
"#;

/// Every byte but the line end, which comes last: one line, with NUL and 0xff in it.
fn asked() -> Vec<u8> {
    (0..=255).filter(|byte| *byte != b'\n').chain(*b"\0\xff\n").collect()
}

/// Every byte, backwards.
fn answer() -> Vec<u8> {
    (0..=255).rev().collect()
}

/// The directory of a pair.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    for (name, content) in [
        ("asked", asked()),
        ("answer", answer()),
        ("cert.pem", made.cert.pem().into_bytes()),
        ("key.pem", made.signing_key.serialize_pem().into_bytes()),
        ("peer.py", PYTHON.as_bytes().to_vec()),
    ] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

/// How the two ends meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Tcp,
    Unix,
    Udp,
}

impl Over {
    /// Waits until a peer is there to be spoken to.
    fn waits(self, port: u16, directory: &Path) {
        match self {
            Self::Tcp => listens(port),
            Self::Udp => receives(port),
            Self::Unix => listens_at(&directory.join("socket")),
        }
    }
}

/// The end of a peer that has nothing more to do: of datagrams many wait for more for ever.
fn end(mut peer: Running, over: Over, awaited: usize) -> Told {
    peer.has_heard(awaited);
    peer.close_input();
    if over == Over::Udp {
        peer.signal(Signal::SIGTERM);
    }
    peer.end()
}

/// The last line that is no hint.
fn last_line(told: &str, port: u16) -> String {
    let told = told.lines().rev().find(|line| !line.starts_with("hint: "));
    plain(told.unwrap_or_default(), port)
}

/// Each peer is a server, and `sockdrill` asks it; what was not as it should be.
fn asks(sockdrill: &str, over: Over, peers: &[Peer]) {
    let mut wrong = Vec::new();
    for peer in peers.iter().filter(|peer| is_the_version_looked_at(peer.program)) {
        let directory = directory();
        let port = if over == Over::Udp { free_udp_port() } else { free_port() };
        let server = start(peer.line, port, directory.path());
        over.waits(port, directory.path());
        let client = start(&format!("{sockdrill} {}", peer.words), port, directory.path()).end();
        let server = end(server, over, asked().len());
        let told = last_line(&client.err, port);
        if (&client.out, told.as_str(), client.code, &server.out)
            != (&answer(), peer.told, Some(peer.code), &asked())
        {
            wrong.push(report(peer, &client, &server));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Each peer is a client, and asks `sockdrill`; what was not as it should be.
fn is_asked(sockdrill: &str, over: Over, peers: &[Peer]) {
    let mut wrong = Vec::new();
    for peer in peers.iter().filter(|peer| is_the_version_looked_at(peer.program)) {
        let directory = directory();
        let server = start(&format!("{sockdrill} {}", peer.words), 0, directory.path());
        let port = if over == Over::Unix { 0 } else { server.port() };
        over.waits(port, directory.path());
        let client = end(start(peer.line, port, directory.path()), over, answer().len());
        let server = server.end();
        let told = last_line(&server.err, port);
        if (&server.out, told.as_str(), server.code, &client.out)
            != (&asked(), peer.told, Some(peer.code), &answer())
        {
            wrong.push(report(peer, &server, &client));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn report(peer: &Peer, ours: &Told, theirs: &Told) -> String {
    format!(
        "{}\nsockdrill {}: {} B, {:?}, told:\n{}{}: {} B, {:?}, told:\n{}",
        peer.line,
        peer.words,
        ours.out.len(),
        ours.code,
        ours.err,
        peer.program,
        theirs.out.len(),
        theirs.code,
        theirs.err,
    )
}

const fn peer(program: &'static str, line: &'static str, words: &'static str, told: &'static str) -> Peer {
    Peer { program, line, words, told, code: 0 }
}

const ANSWERED: &str = "* closed by peer (FIN) after T s: sent 258 B, received 256 B";
/// The end of who speaks TLS and says so.
const NOTIFIED: &str = "* closed by peer (close_notify) after T s: sent 258 B, received 256 B";
/// The end of who speaks TLS and does not say that it was the end.
const UNSAID: &str = "* closed by peer (FIN without close_notify) after T s: sent 258 B, received 256 B";

#[test]
fn servers_of_other_programs_are_asked_and_answer() {
    asks(
        "sockdrill send 127.0.0.1:PORT @asked --wait 60",
        Over::Tcp,
        &[
            peer("nc", "nc -l -N 127.0.0.1 PORT < answer", "", ANSWERED),
            peer("ncat", "ncat -l 127.0.0.1 PORT < answer", "", ANSWERED),
            peer("socat", "socat -t 60 - TCP-LISTEN:PORT,bind=127.0.0.1 < answer", "", ANSWERED),
            peer("python3", "python3 peer.py serve tcp PORT", "", ANSWERED),
        ],
    );
}

const SERVED: &str = "* 1 client in T s: in 258 B, out 256 B";

#[test]
fn clients_of_other_programs_ask_and_are_answered() {
    is_asked(
        "sockdrill serve 0 --once --reply @answer",
        Over::Tcp,
        &[
            peer("nc", "nc -N 127.0.0.1 PORT < asked", "", SERVED),
            peer("ncat", "ncat 127.0.0.1 PORT < asked", "", SERVED),
            peer("socat", "socat -t 60 - TCP:127.0.0.1:PORT < asked", "", SERVED),
            peer("python3", "python3 peer.py connect tcp PORT", "", SERVED),
        ],
    );
}

#[test]
fn servers_of_other_programs_answer_at_a_unix_socket() {
    asks(
        "sockdrill send unix:HERE/socket @asked --wait 60",
        Over::Unix,
        &[
            peer("nc", "nc -l -N -U HERE/socket < answer", "", ANSWERED),
            peer("ncat", "ncat -l -U HERE/socket < answer", "", ANSWERED),
            peer("socat", "socat -t 60 - UNIX-LISTEN:HERE/socket < answer", "", ANSWERED),
            peer("python3", "python3 peer.py serve unix HERE/socket", "", ANSWERED),
        ],
    );
}

#[test]
fn clients_of_other_programs_are_answered_at_a_unix_socket() {
    is_asked(
        "sockdrill serve unix:HERE/socket --once --reply @answer",
        Over::Unix,
        &[
            peer("nc", "nc -N -U HERE/socket < asked", "", SERVED),
            peer("ncat", "ncat -U HERE/socket < asked", "", SERVED),
            peer("socat", "socat -t 60 - UNIX:HERE/socket < asked", "", SERVED),
            peer("python3", "python3 peer.py connect unix HERE/socket", "", SERVED),
        ],
    );
}

#[test]
fn other_programs_receive_datagrams_and_answer_them() {
    let told = "* 1 of 1 answered after T ms";
    asks(
        "sockdrill udp-send 127.0.0.1:PORT @asked --replies 1 --wait 60",
        Over::Udp,
        &[
            peer("nc", "nc -u -l 127.0.0.1 PORT < answer", "", told),
            peer("ncat", "ncat -u -l 127.0.0.1 PORT < answer", "", told),
            peer("socat", "socat -t 60 - UDP-LISTEN:PORT,bind=127.0.0.1 < answer", "", told),
            peer("python3", "python3 peer.py serve udp PORT", "", told),
        ],
    );
}

#[test]
fn other_programs_send_datagrams_and_are_answered() {
    let told = "* 1 datagram, 258 B from 1 sender in T s";
    is_asked(
        "sockdrill udp-recv 0 --count 1 --view raw --reply @answer",
        Over::Udp,
        &[
            peer("nc", "nc -u 127.0.0.1 PORT < asked", "", told),
            // It is gone at once when its input ends.
            peer("ncat", "cat asked - | ncat -u 127.0.0.1 PORT < OPEN", "", told),
            peer("socat", "socat -t 60 - UDP:127.0.0.1:PORT < asked", "", told),
            peer("python3", "python3 peer.py connect udp PORT", "", told),
        ],
    );
}

#[test]
fn tls_servers_of_other_programs_are_trusted_and_answer() {
    asks(
        "sockdrill send 127.0.0.1:PORT @asked --wait 60 --tls",
        Over::Tcp,
        &[
            peer(
                "ncat",
                "ncat -l --ssl --ssl-cert cert.pem --ssl-key key.pem 127.0.0.1 PORT < answer",
                "--ca cert.pem",
                UNSAID,
            ),
            // With a certificate that it makes on the fly.
            peer("ncat", "ncat -l --ssl 127.0.0.1 PORT < answer", "--insecure", UNSAID),
            peer(
                "socat",
                "socat -t 60 - OPENSSL-LISTEN:PORT,bind=127.0.0.1,cert=cert.pem,key=key.pem,verify=0 < answer",
                "--ca cert.pem",
                NOTIFIED,
            ),
            peer("python3", "python3 peer.py serve tls PORT", "--ca cert.pem --sni localhost", NOTIFIED),
            peer(
                "openssl",
                "cat answer - | openssl s_server -quiet -naccept 1 -accept 127.0.0.1:PORT -cert cert.pem -key key.pem < OPEN",
                "--ca cert.pem",
                NOTIFIED,
            ),
        ],
    );
}

#[test]
fn tls_clients_of_other_programs_trust_and_are_answered() {
    is_asked(
        "sockdrill serve 0 --once --short --reply @answer --tls --cert cert.pem --key key.pem",
        Over::Tcp,
        &[
            peer("ncat", "ncat --ssl 127.0.0.1 PORT < asked", "", SERVED),
            peer("ncat", "ncat --ssl-verify --ssl-trustfile cert.pem localhost PORT < asked", "", SERVED),
            peer(
                "socat",
                "socat -t 60 - OPENSSL:127.0.0.1:PORT,cafile=cert.pem,commonname=localhost < asked",
                "",
                SERVED,
            ),
            peer("python3", "python3 peer.py connect tls PORT cert.pem", "", SERVED),
            peer(
                "openssl",
                "openssl s_client -quiet -verify_return_error -CAfile cert.pem -connect 127.0.0.1:PORT < asked",
                "",
                SERVED,
            ),
        ],
    );
}

/// What goes wrong between each peer and `sockdrill` is told in this sentence; the exit code says so too.
fn fails(line: &str, is_server: bool, peers: &[Peer]) {
    let mut wrong = Vec::new();
    for peer in peers.iter().filter(|peer| is_the_version_looked_at(peer.program)) {
        let directory = directory();
        let (port, ours, mut theirs) = if is_server {
            let ours = start(line, 0, directory.path());
            let port = ours.port();
            (port, ours, start(peer.line, port, directory.path()))
        } else {
            let port = free_port();
            let theirs = start(peer.line, port, directory.path());
            listens(port);
            (port, start(line, port, directory.path()), theirs)
        };
        let ours = ours.end();
        theirs.close_input();
        // What servers do then is theirs: some wait for another client.
        theirs.signal(Signal::SIGTERM);
        let theirs = theirs.end();
        let told = plain(&ours.err, port);
        if !told.contains(peer.told) || !ours.out.is_empty() || ours.code != Some(peer.code) {
            wrong.push(report(peer, &ours, &theirs));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

const fn failure(program: &'static str, line: &'static str, told: &'static str, code: i32) -> Peer {
    Peer { program, line, words: "", told, code }
}

/// Servers with a certificate that nobody has signed.
const TLS_SERVERS: [(&str, &str); 4] = [
    ("ncat", "ncat -l --ssl --ssl-cert cert.pem --ssl-key key.pem 127.0.0.1 PORT"),
    ("socat", "socat - OPENSSL-LISTEN:PORT,bind=127.0.0.1,cert=cert.pem,key=key.pem,verify=0 < OPEN"),
    ("python3", "python3 peer.py serve tls PORT"),
    (
        "openssl",
        "openssl s_server -quiet -naccept 1 -accept 127.0.0.1:PORT -cert cert.pem -key key.pem < OPEN",
    ),
];

#[test]
fn a_tls_server_that_is_not_trusted_is_told_with_a_way_out() {
    let told = "error: 127.0.0.1:PORT: TLS failed: invalid peer certificate: UnknownIssuer
hint: `--ca FILE` says whom to trust; `--insecure` trusts everybody\n";
    let peers = TLS_SERVERS.map(|(program, line)| failure(program, line, told, 3));
    fails("sockdrill send 127.0.0.1:PORT x --tls", false, &peers);
}

#[test]
fn a_tls_server_of_another_name_is_told_with_its_name() {
    let told = r#"error: 127.0.0.1:PORT: TLS failed: invalid peer certificate: certificate not valid for name "other.example"; certificate is only valid for DnsName("localhost") or IpAddress(127.0.0.1)
hint: `--sni HOST` says which name it must have; `--insecure` takes any
"#;
    let peers = TLS_SERVERS.map(|(program, line)| failure(program, line, told, 3));
    fails("sockdrill send 127.0.0.1:PORT x --tls --ca cert.pem --sni other.example", false, &peers);
}

#[test]
fn a_server_that_wants_a_certificate_of_ours_is_told() {
    let told =
        "error: 127.0.0.1:PORT: TLS failed: the peer wants a certificate of ours (alert CertificateRequired)";
    fails(
        "sockdrill send 127.0.0.1:PORT --tls --insecure --no-shutdown --wait 60 < OPEN",
        false,
        &[
            failure(
                "socat",
                "socat - OPENSSL-LISTEN:PORT,bind=127.0.0.1,cert=cert.pem,key=key.pem,cafile=cert.pem < OPEN",
                told,
                3,
            ),
            failure(
                "openssl",
                "openssl s_server -quiet -naccept 1 -Verify 1 -verify_return_error -accept 127.0.0.1:PORT -cert cert.pem -key key.pem < OPEN",
                told,
                3,
            ),
        ],
    );
}

#[test]
fn a_server_that_speaks_no_tls_is_told() {
    let told = "error: 127.0.0.1:PORT: TLS failed: the peer does not speak it (InvalidContentType)\n";
    fails(
        "sockdrill send 127.0.0.1:PORT x --tls --insecure",
        false,
        &[
            failure("nc", "nc -l -N 127.0.0.1 PORT < answer", told, 3),
            failure("ncat", "ncat -l 127.0.0.1 PORT < answer", told, 3),
            failure("socat", "socat - TCP-LISTEN:PORT,bind=127.0.0.1 < answer", told, 3),
        ],
    );
}

const SECURE_SERVER: &str = "sockdrill serve 0 --once --tls --cert cert.pem --key key.pem";

#[test]
fn a_tls_client_that_does_not_trust_is_told() {
    let told = "error: 127.0.0.1:OTHER: TLS failed: the peer does not trust who signed the certificate (alert UnknownCA)\n";
    fails(
        SECURE_SERVER,
        true,
        &[
            failure("ncat", "ncat --ssl-verify 127.0.0.1 PORT < asked", told, 3),
            failure("socat", "socat - OPENSSL:127.0.0.1:PORT < asked", told, 3),
            failure("python3", "python3 peer.py connect tls PORT", told, 3),
            failure(
                "openssl",
                "openssl s_client -quiet -verify_return_error -connect 127.0.0.1:PORT < asked",
                told,
                3,
            ),
        ],
    );
}

#[test]
fn a_tls_client_that_looks_for_another_name_is_told_as_far_as_it_says_so() {
    let told =
        "error: 127.0.0.1:OTHER: TLS failed: the peer refuses the certificate (alert BadCertificate)\n";
    fails(
        SECURE_SERVER,
        true,
        &[
            failure("python3", "python3 peer.py connect tls PORT cert.pem other.example", told, 3),
            failure(
                "openssl",
                "openssl s_client -quiet -verify_return_error -CAfile cert.pem -verify_hostname other.example -connect 127.0.0.1:PORT < asked",
                told,
                3,
            ),
            // It shakes hands, looks at the name afterwards, and says nothing of it; ncat does the same, and leaves
            // what came unread, so that its end is a reset or is not, as it happens.
            failure(
                "socat",
                "socat - OPENSSL:127.0.0.1:PORT,cafile=cert.pem,commonname=other.example < asked",
                "#1 *        closed by peer (close_notify): in 0 B, out 0 B, T s\n",
                0,
            ),
        ],
    );
}

#[test]
fn a_client_that_speaks_no_tls_is_told() {
    let told = "error: 127.0.0.1:OTHER: TLS failed: the peer does not speak it (InvalidContentType)\n";
    fails(
        SECURE_SERVER,
        true,
        &[
            failure("nc", "nc -N 127.0.0.1 PORT < asked", told, 3),
            failure("ncat", "ncat 127.0.0.1 PORT < asked", told, 3),
            failure("socat", "socat - TCP:127.0.0.1:PORT < asked", told, 3),
            failure("python3", "python3 peer.py connect tcp PORT", told, 3),
        ],
    );
}
