//! The phrases of OpenBSD's netcat.

use super::{Phrasebook, phrase};

/// OpenBSD's netcat.
pub const NC: Phrasebook = Phrasebook {
    program: "nc",
    about: "OpenBSD's nc. Letters that exist in both keep their meaning.",
    phrases: &[
        phrase(
            "nc localhost 9000",
            "sockdrill send localhost 9000",
            "the end of input half-closes, and the answer is still read: 5s, or --wait. Who ended it and how is said, and is the exit code",
        ),
        phrase(
            "printf 'PING\\r\\n' | nc -N localhost 9000",
            "sockdrill send localhost:9000 'PING\\r\\n'",
            "-N is what send does; --no-shutdown does without",
        ),
        phrase("nc -C localhost 9000", "sockdrill send -C localhost:9000 QUIT", "each DATA is a line too"),
        phrase(
            "nc -N localhost 9000 < file",
            "sockdrill send localhost:9000 --file file",
            "`< file` does it too; --file is faster",
        ),
        phrase(
            "nc -q 30 localhost 9000 < file",
            "sockdrill send -q 30 localhost:9000 < file",
            "half-closes first; a wait that ends before the peer does is exit code 4",
        ),
        phrase(
            "nc -w 3 localhost 9000",
            "sockdrill send -w 3 localhost:9000",
            "for the connect, and for silence in both directions; exit code 4",
        ),
        phrase(
            "nc -z -v localhost 9000",
            "sockdrill send -z localhost:9000",
            "0 accepted, 3 refused, 4 no answer. One port at a time",
        ),
        phrase(
            "nc -s 127.0.0.2 -p 4000 127.0.0.1 9000",
            "sockdrill send -s 127.0.0.2 -p 4000 127.0.0.1:9000",
            "the same",
        ),
        phrase("nc -4 localhost 9000", "sockdrill send -4 localhost:9000 hello", "the same; -6 too"),
        phrase("nc -l 9000", "sockdrill serve 9000 --once", "on loopback only: '*:9000' is all interfaces"),
        phrase(
            "nc -l 9000 > file",
            "sockdrill serve 9000 --once > file",
            "exit code 5 where the client reset instead of closing",
        ),
        phrase(
            "nc -k -l 9000",
            "sockdrill serve 9000",
            "all clients at once, each with its number; stdout is a transcript, --view raw the bytes",
        ),
        phrase(
            "nc -l 9000 < file",
            "sockdrill serve 9000 --once --stdin < file",
            "sent to the client as soon as it is there; --once ends with it",
        ),
        phrase(
            "nc -l 9000, and typing",
            "sockdrill serve 9000 --once --stdin",
            "typed lines go to every client; without --stdin it is not read",
        ),
        phrase("nc -U /tmp/socket", "sockdrill send unix:/tmp/socket", "unix:@name is an abstract one"),
        phrase(
            "nc -l -U /tmp/socket",
            "sockdrill serve unix:/tmp/socket --once",
            "the socket is removed again",
        ),
        phrase(
            "printf ping | nc -u -w 1 localhost 5000",
            "sockdrill udp-send localhost:5000 ping --wait 1",
            "a closed port is said, and is exit code 3; silence is 4",
        ),
        phrase(
            "nc -u localhost 5000",
            "sockdrill udp-send localhost:5000 --lines --wait 1",
            "each line is a datagram, without its line end",
        ),
        phrase(
            "nc -u -l 5000",
            "sockdrill udp-recv 5000",
            "every sender is heard and told apart; nc is bound to the first",
        ),
        phrase(
            "nc -u -b 127.255.255.255 5000",
            "sockdrill udp-send -b 127.255.255.255:5000 'who?'",
            "the same",
        ),
        phrase(
            "nc -M 3 -T 0x10 -I 64000 localhost 9000",
            "sockdrill send localhost:9000 x --option ttl=3 --option tos=0x10 --option receive_buffer=64KB",
            "options go by name: sockdrill help options",
        ),
        phrase(
            "nc -X 5 -x proxy:1080 host 80",
            "",
            "no proxies; scenarios/protocols/socks5.yaml speaks SOCKS step by step",
        ),
        phrase("nc -z localhost 1-1000", "", "no port scans; for one port: send -z"),
    ],
};
