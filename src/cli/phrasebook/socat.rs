//! The phrases of socat.

use super::{Phrasebook, phrase};

/// socat.
pub const SOCAT: Phrasebook = Phrasebook {
    program: "socat",
    about: "socat 1.7. It joins any two of many kinds of address; here one end is always yours.",
    phrases: &[
        phrase(
            "socat - TCP:localhost:9000",
            "sockdrill send localhost:9000",
            "waits 5s for the answer after the end of input, where socat waits 0.5s",
        ),
        phrase(
            "socat -t 30 - TCP:localhost:9000,crnl",
            "sockdrill send -C localhost:9000 --wait 30 QUIT",
            "a wait that ends before the peer does is exit code 4",
        ),
        phrase(
            "socat -T 10 - TCP:localhost:9000,connect-timeout=3",
            "sockdrill send localhost:9000 --idle 10 --connect-timeout 3",
            "both are exit code 4; socat's -T ends with 0",
        ),
        phrase(
            "socat - TCP:localhost:9000,retry=10,interval=1",
            "sockdrill send localhost:9000 x --retry 10s",
            "a time instead of a number of tries",
        ),
        phrase(
            "socat - TCP:127.0.0.1:9000,bind=127.0.0.2:4000",
            "sockdrill send -s 127.0.0.2 -p 4000 127.0.0.1:9000",
            "the same",
        ),
        phrase(
            "socat - TCP:localhost:9000,nodelay,keepalive",
            "sockdrill send localhost:9000 x --option nodelay=true --option keepalive=true",
            "options go by name: sockdrill help options",
        ),
        phrase(
            "socat - TCP:localhost:9000,linger=0",
            "sockdrill send localhost:9000 x --abort",
            "always ends with a reset",
        ),
        phrase(
            "socat - TCP:localhost:9000,shut-none",
            "sockdrill send localhost:9000 x --no-shutdown --expect x",
            "without --expect it waits for the peer to close",
        ),
        phrase(
            "socat -u FILE:file TCP:localhost:9000",
            "sockdrill send localhost:9000 --file file --wait 0",
            "the same",
        ),
        phrase(
            "socat -v - TCP:localhost:9000",
            "sockdrill send localhost:9000 x --view text",
            "on a terminal always; --view hex is -x",
        ),
        phrase(
            "socat TCP-LISTEN:9000,reuseaddr -",
            "sockdrill serve 9000 --once",
            "on loopback only: '*:9000' is all interfaces. stdin is not sent",
        ),
        phrase(
            "socat -u TCP-LISTEN:9000,reuseaddr CREATE:file",
            "sockdrill serve 9000 --once > file",
            "the same",
        ),
        phrase(
            "socat TCP-LISTEN:9000,fork,reuseaddr EXEC:cat",
            "sockdrill serve 9000 --echo",
            "no process for each client",
        ),
        phrase(
            "socat TCP-LISTEN:9000,fork,max-children=5 EXEC:cat",
            "sockdrill serve 9000 --echo --max-clients 5",
            "the same",
        ),
        phrase(
            "socat TCP-LISTEN:9000,fork SYSTEM:'read line; echo ok'",
            "sockdrill serve 9000 --reply 'ok\\n'",
            "answers every line; --on REGEX --reply DATA answers what matches",
        ),
        phrase("socat -u TCP-LISTEN:9000,fork /dev/null", "sockdrill serve 9000 --discard", "the same"),
        phrase(
            "socat -u /dev/zero TCP:localhost:9000",
            "sockdrill send localhost:9000 --pattern 64MiB --wait 0",
            "bytes that count themselves, so many of them; serve --source sends without end",
        ),
        phrase(
            "socat - UNIX-CONNECT:/tmp/socket",
            "sockdrill send unix:/tmp/socket",
            "ABSTRACT-CONNECT:name is unix:@name",
        ),
        phrase(
            "socat UNIX-LISTEN:/tmp/socket,fork EXEC:cat",
            "sockdrill serve unix:/tmp/socket --echo",
            "the socket is removed again",
        ),
        phrase(
            "socat - OPENSSL:localhost:9443,verify=0",
            "sockdrill send localhost:9443 x --tls --insecure",
            "--ca FILE is cafile=FILE, --sni NAME is commonname=NAME",
        ),
        phrase(
            "socat OPENSSL-LISTEN:9443,fork,cert=cert.pem,key=key.pem,verify=0 EXEC:cat",
            "sockdrill serve 9443 --echo --tls --cert cert.pem --key key.pem",
            "without --cert one is made on the fly",
        ),
        phrase(
            "printf ping | socat -t 1 - UDP:localhost:5000",
            "sockdrill udp-send localhost:5000 ping --wait 1",
            "answers from another port are shown as such; silence is exit code 4",
        ),
        phrase(
            "socat -u UDP-RECV:5000 -",
            "sockdrill udp-recv 5000 --view raw",
            "without --view raw: number, time, source and length of each",
        ),
        phrase(
            "socat UDP-RECVFROM:5000,fork EXEC:cat",
            "sockdrill udp-recv 5000 --echo",
            "no process for each datagram",
        ),
        phrase(
            "printf 'who?' | socat - UDP-DATAGRAM:127.255.255.255:5000,broadcast",
            "sockdrill udp-send -b 127.255.255.255:5000 'who?' --wait 1",
            "every answer in that time is shown",
        ),
        phrase(
            "socat -u UDP-RECV:5000,ip-add-membership=239.1.2.3:lo -",
            "sockdrill udp-recv 5000 --join 239.1.2.3 --interface lo",
            "the same",
        ),
        phrase("socat TCP-LISTEN:9000,fork TCP:host:80", "", "a scenario relays: sockdrill help verb relay"),
        phrase("socat - /dev/ttyS0,b9600,raw", "", "sockets only"),
    ],
};
