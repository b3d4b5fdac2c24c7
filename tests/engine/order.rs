//! Many scenarios at once: told in the order of the files, and never two of one `serial` word.

use crate::playing::{ONCE, play_all, scenarios};
use sockdrill::engine::{Play, Stop};
use sockdrill::event::{Event, What};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};

/// How many scenarios are in it now, and were at most.
#[derive(Default)]
struct Inside {
    now: usize,
    most: usize,
}

/// A server that counts who is inside: a client comes by `in`, and has gone when it is told so.
fn turnstile(clients: usize) -> (String, Arc<Mutex<Inside>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let inside = Arc::new(Mutex::new(Inside::default()));
    let counted = inside.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(clients) {
            let (mut stream, counted) = (stream.unwrap(), counted.clone());
            std::thread::spawn(move || {
                stream.read_exact(&mut [0; 2]).unwrap();
                {
                    let mut inside = counted.lock().unwrap();
                    inside.now += 1;
                    inside.most = inside.most.max(inside.now);
                }
                stream.write_all(b"ok").unwrap();
                stream.read_exact(&mut [0; 3]).unwrap();
                counted.lock().unwrap().now -= 1;
                stream.write_all(b"gone").unwrap();
            });
        }
    });
    (address, inside)
}

#[test]
fn scenarios_with_one_serial_word_never_overlap() {
    let (address, inside) = turnstile(40);
    let mut text = String::new();
    for number in 0..40 {
        text += &format!(
            "name: number {number}
serial: turnstile
within: 60s
steps:
  - connect: {{ as: client, to: '{address}' }}
  - send:    {{ from: client, text: \"in\" }}
  - expect:  {{ at: client, text: \"ok\" }}
  - send:    {{ from: client, text: \"out\" }}
  - expect:  {{ at: client, text: \"gone\" }}
---
"
        );
    }
    let played = play_all(scenarios(&text), Play { jobs: 16, ..ONCE }, &Stop::default());
    played.assert_passed();
    assert_eq!(inside.lock().unwrap().most, 1);
}

#[test]
fn scenarios_without_a_common_word_run_at_once() {
    // Each waits until all four are there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let barrier = Arc::new(Barrier::new(4));
    std::thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            let barrier = barrier.clone();
            std::thread::spawn(move || {
                barrier.wait();
                stream.unwrap().write_all(b"go").unwrap();
            });
        }
    });
    let mut text = String::new();
    for (number, serial) in ["serial: a\n", "serial: b\n", "", ""].iter().enumerate() {
        text += &format!(
            "name: number {number}
within: 60s
{serial}steps:
  - connect: {{ as: client, to: '{address}' }}
  - expect:  {{ at: client, text: \"go\" }}
---
"
        );
    }
    play_all(scenarios(&text), Play { jobs: 4, ..ONCE }, &Stop::default()).assert_passed();
}

#[test]
fn scenarios_are_told_in_the_order_of_the_files_though_the_first_ends_last() {
    const COUNT: u32 = 30;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The first is let go when all the others have come and gone.
    std::thread::spawn(move || {
        let mut waiting: Option<TcpStream> = None;
        for stream in listener.incoming().take(COUNT as usize) {
            let mut stream = stream.unwrap();
            let mut word = [0; 5];
            stream.read_exact(&mut word).unwrap();
            if word == *b"first" {
                waiting = Some(stream);
            } else {
                assert_eq!(stream.read(&mut word).unwrap(), 0);
            }
        }
        waiting.unwrap().write_all(b"go").unwrap();
    });
    let mut text = format!(
        "name: the first
within: 60s
steps:
  - connect: {{ as: client, to: '{address}' }}
  - send:    {{ from: client, text: \"first\" }}
  - expect:  {{ at: client, text: \"go\" }}
"
    );
    for number in 1..COUNT {
        text += &format!(
            "---
name: number {number}
within: 60s
steps:
  - connect: {{ as: client, to: '{address}' }}
  - send:    {{ from: client, text: \"other\" }}
  - close:   client
"
        );
    }
    let played = play_all(scenarios(&text), Play { jobs: 4, ..ONCE }, &Stop::default());
    played.assert_passed();
    let numbers: Vec<u32> = played.events.iter().filter_map(|event| event.scenario).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let ended = |event: &&Event| matches!(event.what, What::ScenarioEnded { .. });
    assert_eq!(played.events.iter().filter(ended).count(), COUNT as usize);
    assert!(matches!(played.events.first().unwrap().what, What::RunStarted { scenarios: 30, .. }));
    assert!(matches!(played.events.last().unwrap().what, What::RunEnded { passed: 30, .. }));
}

#[test]
fn repetitions_of_one_scenario_follow_each_other_and_can_be_unstable() {
    // The server closes at once, or says `go` first: every other time.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().take(6).enumerate() {
            if number % 2 == 0 {
                stream.unwrap().write_all(b"go").unwrap();
            }
        }
    });
    let text = format!(
        "name: now and then
serial: in order
steps:
  - connect: {{ as: client, to: '{address}' }}
  - expect:  {{ at: client, text: \"go\" }}
"
    );
    let played = play_all(scenarios(&text), Play { jobs: 4, repeat: 6, ..ONCE }, &Stop::default());
    let rounds: Vec<u32> = played
        .events
        .iter()
        .filter_map(|event| match event.what {
            What::ScenarioStarted { round, .. } => Some(round),
            _ => None,
        })
        .collect();
    assert_eq!(rounds, [1, 2, 3, 4, 5, 6]);
    assert_eq!((played.summary.unstable, played.summary.passed, played.summary.failed), (1, 0, 0));
}
