//! Want of open files: every command ends with a sentence that names the limit, or does its work.

use crate::desk::{Told, finish, shell};
use std::net::{TcpListener, UdpSocket};
use std::process::Stdio;

/// Runs a line with so many files allowed; nothing where not even the program can be loaded.
fn with_files(files: u32, line: &str) -> Option<Told> {
    let mut command = shell(&format!("ulimit -Sn {files}; ulimit -Hn {files}; exec sockdrill {line}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(finish(command.spawn().unwrap())).filter(|told| told.code != Some(127))
}

#[test]
fn no_command_is_silent_or_breaks_where_files_are_wanting() {
    let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let (to, at) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let scenario = std::env::temp_dir().join(format!("sockdrill-files-{}.yaml", std::process::id()));
    let steps = "steps:\n  - listen: { as: l, at: 127.0.0.1:0 }\n  - connect: { as: c, to: l }\n";
    std::fs::write(&scenario, steps).unwrap();
    let lines = [
        (format!("send -z {to}"), &[3][..]),
        (format!("send {to} hi --wait 0"), &[3]),
        (format!("udp-send {at} hi"), &[3]),
        ("udp-recv 0 --within 10ms".to_owned(), &[3]),
        ("serve 0 --echo -- true".to_owned(), &[3]),
        (format!("replay {}", scenario.display()), &[1, 2]),
        ("repl <<< 'listen l 127.0.0.1:0'".to_owned(), &[3]),
    ];
    for (line, codes) in &lines {
        let (mut wanting, mut enough) = (0, 0);
        for files in 5..=30 {
            let Some(told) = with_files(files, line) else { continue };
            let said = told.err.contains("too many open files (`ulimit -n` shows the limit and raises it)");
            let does_its_work =
                !said && (told.code == Some(0) || line.starts_with("udp-recv") && told.code == Some(4));
            assert!(
                does_its_work || said && told.code.is_some_and(|code| codes.contains(&code)),
                "{line} with {files}: {:?} {}",
                told.code,
                told.err
            );
            // Whoever is told of a listener connects to it.
            assert!(does_its_work || !told.err.contains("listening"), "{line} with {files}: {}", told.err);
            *(if does_its_work { &mut enough } else { &mut wanting }) += 1;
        }
        assert!(wanting > 0 && enough > 0, "{line}: {wanting} {enough}");
    }
    std::fs::remove_file(scenario).unwrap();
}
