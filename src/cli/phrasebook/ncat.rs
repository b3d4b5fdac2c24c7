//! The phrases of nmap's ncat.

use super::{Phrasebook, phrase};

/// nmap's ncat.
pub const NCAT: Phrasebook = Phrasebook {
    program: "ncat",
    about: "nmap's ncat. What it shares with nc stands in `sockdrill help from-nc`.",
    phrases: &[
        phrase(
            "ncat localhost 9000",
            "sockdrill send localhost 9000",
            "half-closes at the end of input; ncat gives an answer that comes after that up when its own end is reached",
        ),
        phrase(
            "ncat --send-only localhost 9000 < file",
            "sockdrill send localhost:9000 --wait 0 < file",
            "the same",
        ),
        phrase(
            "ncat --recv-only localhost 9000",
            "sockdrill send localhost:9000 --no-shutdown < /dev/null",
            "until the peer closes; --wait says how long",
        ),
        phrase(
            "ncat -w 3 -i 10 localhost 9000",
            "sockdrill send localhost:9000 --connect-timeout 3 --idle 10",
            "both are exit code 4",
        ),
        phrase(
            "ncat -l -k 9000 -e /bin/cat",
            "sockdrill serve 9000 --echo",
            "no process for each client; on loopback only, '*:9000' is all interfaces",
        ),
        phrase(
            "ncat -l -k 9000 -c 'printf bye'",
            "sockdrill serve 9000 --short --reply bye",
            "answers one message, then closes; --on and --reply make a dialogue, --script any steps",
        ),
        phrase("ncat -l -k -m 5 9000", "sockdrill serve 9000 --max-clients 5", "others wait in the queue"),
        phrase(
            "ncat -l --chat 9000",
            "sockdrill serve 9000 --stdin",
            "what you type goes to all; clients do not hear one another",
        ),
        phrase(
            "ncat -o out.txt localhost 9000",
            "sockdrill send localhost:9000 x --view text > out.txt",
            "with times and directions; --json keeps every event",
        ),
        phrase(
            "ncat -x out.hex localhost 9000",
            "sockdrill send localhost:9000 x --view hex > out.hex",
            "the same",
        ),
        phrase(
            "ncat --ssl localhost 9443",
            "sockdrill send localhost:9443 x --tls --insecure",
            "ncat trusts any certificate; without --insecure it is verified here",
        ),
        phrase(
            "ncat --ssl-verify --ssl-trustfile ca.pem localhost 9443",
            "sockdrill send localhost:9443 x --tls --ca ca.pem",
            "without --ca the system's certificates count",
        ),
        phrase(
            "ncat --ssl --ssl-servername a.example --ssl-alpn h2 localhost 9443",
            "sockdrill send localhost:9443 x --tls --insecure --sni a.example --alpn h2",
            "the same",
        ),
        phrase(
            "ncat -l --ssl 9443",
            "sockdrill serve 9443 --tls --once",
            "both make a certificate on the fly",
        ),
        phrase(
            "ncat -l --ssl --ssl-cert cert.pem --ssl-key key.pem 9443",
            "sockdrill serve 9443 --tls --cert cert.pem --key key.pem --once",
            "the same",
        ),
        phrase(
            "printf ping | ncat -u -i 1 localhost 5000",
            "sockdrill udp-send localhost:5000 ping --wait 1",
            "a closed port is said in words, and is exit code 3",
        ),
        phrase(
            "ncat -u -l -k 5000 -e /bin/cat",
            "sockdrill udp-recv 5000 --echo",
            "no process for each sender",
        ),
        phrase("ncat -U /tmp/socket", "sockdrill send unix:/tmp/socket", "the same"),
        phrase("ncat --broker -l 9000", "", "clients are not joined to one another"),
        phrase(
            "ncat --allow 10.0.0.0/8 -l 9000",
            "",
            "no access lists: what listens is on loopback unless the address says otherwise",
        ),
        phrase(
            "ncat --proxy proxy:3128 host 80",
            "",
            "no proxies; scenarios/protocols/http-connect-tunnel.yaml speaks CONNECT step by step",
        ),
    ],
};
