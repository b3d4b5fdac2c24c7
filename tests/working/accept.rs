//! `replay --accept`: what came becomes what is expected.

use crate::desk::{Desk, HANGING, names_in};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// Two ends of a connection, `client` and `conn`, and these steps.
fn talk(steps: &str) -> String {
    format!(
        "# kept\nname: a talk   # kept too\nsteps:\n  - listen:  {{ as: server, at: 127.0.0.1:0 }}\n  \
         - connect: {{ as: client, to: server }}\n  - accept:  {{ as: conn, at: server }}\n{steps}"
    )
}

/// Accepts in a file with these steps; what was said, and the steps then.
fn accepted(steps: &str) -> (crate::desk::Told, String) {
    let desk = Desk::new(&[("talk.yaml", &talk(steps))]);
    let told = desk.run("replay talk.yaml --accept");
    let text = desk.read("talk.yaml");
    let kept = talk("");
    (told, text.strip_prefix(&kept).unwrap().to_owned())
}

#[test]
fn what_came_is_what_is_expected_then_and_all_passes() {
    let old = r#"  - send:    { from: conn, text: "220 hello\r\n" }
  - expect:  { at: client, text: "220 Ready\r\n" }   # greeting
  - send:    { from: conn, bytes: '\xff\0' }
  - expect:  { at: client, hex: "00 01 02" }
"#;
    let (told, new) = accepted(old);
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let wanted = old.replace("220 Ready", "220 hello").replace("00 01 02", "ff 00");
    assert_eq!(new, wanted);
    assert!(told.out.starts_with("--- talk.yaml\n+++ talk.yaml\n@@ "), "{}", told.out);
    assert!(
        told.out.contains("\n-  - expect:  { at: client, text: \"220 Ready\\r\\n\" }   # greeting\n"),
        "{}",
        told.out
    );
    assert!(
        told.out.contains("\n+  - expect:  { at: client, text: \"220 hello\\r\\n\" }   # greeting\n"),
        "{}",
        told.out
    );
    assert!(told.out.contains("2 payloads in 1 file accepted\n  ok    talk  a talk"), "{}", told.out);
    assert!(told.err.contains("talk.yaml:8:5: 11 bytes for 11, all that came before 300ms of silence"));
}

#[test]
fn what_would_be_accepted_can_be_looked_at_first() {
    let text = talk("  - send: { from: conn, text: \"a\" }\n  - expect: { at: client, text: \"b\" }\n");
    let desk = Desk::new(&[("talk.yaml", &text)]);
    let told = desk.run("replay . --accept=show");
    assert_eq!((told.code, desk.read("talk.yaml")), (Some(1), text));
    assert!(told.out.contains("+  - expect: { at: client, text: \"a\" }\n"), "{}", told.out);
    assert!(
        told.out.ends_with("1 payload in 1 file would be accepted; nothing was written\n"),
        "{}",
        told.out
    );
    desk.run("replay . --accept");
    let told = desk.run("replay . --accept=show");
    assert_eq!((told.code, told.out.as_str()), (Some(0), "nothing to accept\n"));
}

#[test]
fn an_answer_that_comes_in_pieces_is_accepted_whole() {
    let (told, new) = accepted(
        r#"  - parallel:
      peer:
        - send: { from: conn, text: "one two three", chunk: 1, every: 5ms }
      us:
        - expect: { at: client, text: "1" }
"#,
    );
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(new.contains(r#"- expect: { at: client, text: "one two three" }"#), "{new}");
}

#[test]
fn an_answer_with_longer_pauses_is_waited_for_where_time_is_stretched() {
    let old = r#"  - parallel:
      peer:
        - send:  { from: conn, text: "one " }
        - sleep: 600ms
        - send:  { from: conn, text: "two" }
        - close: conn
      us:
        - expect: { at: client, text: "1" }
"#;
    let desk = Desk::new(&[("talk.yaml", &talk(old))]);
    let told = desk.run("replay talk.yaml --accept --time-scale 1000");
    assert_eq!(told.code, Some(0), "{}", told.err);
    let text = desk.read("talk.yaml");
    assert!(text.contains(r#"- expect: { at: client, text: "one two" }"#), "{text}");
    assert!(told.err.contains("7 bytes for 1, through the end of stream"), "{}", told.err);
}

#[test]
fn isolated_scenarios_are_accepted_too_and_reported() {
    let old = "  - send:    { from: conn, text: \"a\" }\n  - expect:  { at: client, text: \"b\" }\n";
    let desk = Desk::new(&[("talk.yaml", &talk(old).replace("127.0.0.1:0", "127.0.0.1:7"))]);
    let told = desk.run("replay . --accept --isolate --junit r.xml");
    if told.err.contains("namespaces cannot be made here") {
        eprintln!("skipped: {}", told.err);
        return;
    }
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(desk.read("talk.yaml").contains("- expect:  { at: client, text: \"a\" }"));
    assert!(desk.read("r.xml").contains("tests=\"1\" failures=\"0\""), "{}", desk.read("r.xml"));
}

#[test]
fn steps_that_read_one_after_another_share_what_comes() {
    let (told, new) = accepted(
        r#"  - send:   { from: conn, text: "220 a\r\n250-b\r\n250 c\r\nabcdef" }
  - expect: { at: client, text: "220\r\n" }
  - expect: { at: client, text: "x\r\ny\r\n" }
  - expect: { at: client, text: "xyz" }
  - expect: { at: client, text: "d" }
"#,
    );
    assert_eq!(told.code, Some(0), "{}", told.err);
    let expected: Vec<&str> = new.lines().skip(1).map(|line| line.split("text: ").nth(1).unwrap()).collect();
    assert_eq!(expected, [r#""220 a\r\n" }"#, r#""250-b\r\n250 c\r\n" }"#, r#""abc" }"#, r#""d" }"#]);
    assert!(
        told.err.contains("7 bytes for 5, one line as before; 20 more were there, for the next step"),
        "{}",
        told.err
    );
    assert!(told.err.contains("14 bytes for 6, 2 lines as before"), "{}", told.err);
    assert!(told.err.contains("3 bytes for 3, as many bytes as before"), "{}", told.err);
}

#[test]
fn an_answer_that_ends_sooner_is_accepted_and_one_that_is_reset_is_not() {
    let (told, new) = accepted(
        "  - send:   { from: conn, text: \"abc\" }\n  - shutdown: conn\n  - expect: { at: client, text: \"abcdef\" }\n",
    );
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(new.contains("text: \"abc\" }\n  - shutdown: conn\n  - expect: { at: client, text: \"abc\" }"));
    assert!(told.err.contains("3 bytes for 6, through the end of stream"), "{}", told.err);
    let (told, new) = accepted(
        "  - expect: { at: client, text: \"abcdef\", within: 300ms }\n  - send: { from: conn, text: \"abc\" }\n",
    );
    assert_eq!(told.code, Some(1), "nothing came: there is nothing to accept");
    assert!(new.contains("abcdef") && told.out.contains("nothing to accept\n"), "{}", told.out);
    let (told, new) = accepted(
        "  - send:  { from: conn, text: \"abc\" }\n  - abort: conn\n  - expect: { at: client, text: \"abcdef\" }\n",
    );
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(new.contains("text: \"abcdef\""), "{new}");
    let (told, new) = accepted(
        "  - send:   { from: conn, text: \"abc\" }\n  - expect: { at: client, text: \"abcdef\", within: 100ms }\n",
    );
    assert_eq!((told.code, new.contains("at: client, text: \"abc\", within")), (Some(0), true), "{new}");
}

#[test]
fn messages_are_accepted_whole() {
    let text = "steps:
  - bind:   { as: a, at: 127.0.0.1:0 }
  - bind:   { as: b, at: 127.0.0.1:0, to: a }
  - send:   { from: b, text: \"one\" }
  - send:   { from: b, text: \"two\" }
  - expect: { at: a, text: \"1\" }
  - expect: { at: a, text: \"2\" }
  - listen:  { as: server, at: 127.0.0.1:0 }
  - connect: { as: client, to: server, frame: u16 }
  - accept:  { as: conn, at: server, frame: u16 }
  - send:   { from: client, text: \"frame\" }
  - expect: { at: conn, text: \"f\" }
  - spawn:  { as: app, run: [printf, 'one\\ntwo\\n'] }
  - expect: { at: app, text: \"1\\n\" }
  - expect: { at: app, text: \"2\\n\" }
";
    let desk = Desk::new(&[("a.yaml", text)]);
    let told = desk.run("replay a.yaml --accept");
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let new = desk.read("a.yaml");
    for line in ["{ at: a, text: \"one\" }", "{ at: a, text: \"two\" }", "{ at: conn, text: \"frame\" }"] {
        assert!(new.contains(line), "{new}");
    }
    assert!(
        new.ends_with(
            "  - expect: { at: app, text: \"one\\n\" }\n  - expect: { at: app, text: \"two\\n\" }\n"
        )
    );
}

#[test]
fn included_files_and_files_of_bytes_are_rewritten_where_they_are() {
    let desk = Desk::new(&[
        (
            "a/main.yaml",
            &talk("  - send: { from: conn, bytes: 'one\\xfftwo' }\n  - include: { file: ../b/steps.yaml }\n"),
        ),
        (
            "b/steps.yaml",
            "# shared\nsteps:\n  - expect: { at: client, text: \"One\" }  # 1\n  - expect: { at: client, file: rest.bin }\n",
        ),
        ("b/rest.bin", "rest"),
    ]);
    let told = desk.run("replay a --accept");
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(desk.read("b/steps.yaml").contains("text: \"one\" }  # 1\n"));
    assert_eq!(std::fs::read(desk.path("b/rest.bin")).unwrap(), b"\xfftwo");
    assert!(told.out.contains("4 bytes for 4; they differ from offset 0 on"), "{}", told.out);
    assert!(told.out.contains("2 payloads in 2 files accepted"), "{}", told.out);
}

#[test]
fn a_file_that_is_sent_too_is_left() {
    let steps = "  - send: { from: conn, text: \"x\" }\n  - expect: { at: client, file: both.bin }\n  - send: { from: conn, file: both.bin }\n";
    let desk = Desk::new(&[("a.yaml", &talk(steps)), ("both.bin", "b")]);
    let told = desk.run("replay a.yaml --accept");
    assert_eq!((told.code, desk.read("both.bin").as_str()), (Some(1), "b"));
    assert!(told.err.contains("left as it is: both.bin is also sent"), "{}", told.err);
}

#[test]
fn rows_and_rounds_that_agree_are_accepted_and_others_are_left() {
    let rows = |expected: &str| {
        talk(&format!(
            "  - send: {{ from: conn, text: \"${{said}}\" }}\n  - expect: {{ at: client, text: \"{expected}\" }}\n"
        ))
        .replace("steps:", "cases: [{ said: a }, { said: CASE }]\nsteps:")
    };
    let run = |text: &str| {
        let desk = Desk::new(&[("a.yaml", text)]);
        let told = desk.run("replay a.yaml --accept");
        (told.code, told.err, desk.read("a.yaml"))
    };
    let (code, _, new) = run(&rows("x").replace("said: CASE", "said: a, more: b"));
    assert_eq!((code, new.contains("at: client, text: \"a\"")), (Some(0), true), "{new}");
    let (code, err, new) = run(&rows("x").replace("CASE", "b"));
    assert_eq!((code, new.contains("text: \"x\"")), (Some(1), true), "{new}");
    assert!(err.contains("left as it is: it is not always the same: `a`, `b`"), "{err}");
    let (code, err, new) = run(&rows("b").replace("CASE", "b"));
    assert_eq!((code, new.contains("text: \"b\" }")), (Some(1), true), "{new}");
    assert!(err.contains("in another case or round it came as it is written"), "{err}");
    let (code, err, _) = run(&talk(
        "  - repeat:\n      times: 2\n      steps:\n        - send: { from: conn, text: \"${i}\" }\n        - expect: { at: client, text: \"1\" }\n",
    ));
    assert_eq!(code, Some(1));
    assert!(err.contains("in another case or round it came as it is written"), "{err}");
}

#[test]
fn what_is_no_payload_or_holds_variables_is_left_with_the_reason() {
    let send = "  - send: { from: conn, text: \"hello bob\" }\n";
    for (expect, why) in [
        ("{ at: client, text: \"hello ${who}\" }", "left as it is: it has variables in it"),
        ("{ at: client, hex: \"00 01 02\", times: 2 }", "left as it is: `times` repeats it"),
        ("{ at: client, zeros: 4 }", "left as it is: `zeros` makes it"),
        ("{ at: client, starts: \"bye\" }", "expected text at client"),
        ("{ at: client, text: \"bye\", fails: timeout }", "this was to fail with `timeout`"),
    ] {
        let text =
            talk(&format!("{send}  - expect: {expect}\n")).replace("steps:", "vars: { who: eve }\nsteps:");
        let desk = Desk::new(&[("a.yaml", &text)]);
        let told = desk.run("replay a.yaml --accept");
        assert_eq!((told.code, desk.read("a.yaml")), (Some(1), text), "{expect}");
        assert!(told.err.contains(why), "{expect}: {}", told.err);
    }
}

#[test]
fn a_file_that_changes_while_it_is_played_is_left() {
    let text = talk(
        "  - spawn: { as: editor, run: [sh, -c, 'echo \"# edited\" >> a.yaml'], cwd: . }
  - expect: { at: editor, exit: 0 }
  - send: { from: conn, text: \"a\" }
  - expect: { at: client, text: \"b\" }
",
    );
    let desk = Desk::new(&[("a.yaml", &text)]);
    let told = desk.run("replay a.yaml --accept=write");
    assert!(told.err.contains("left as it is: the file has changed meanwhile"), "{}", told.err);
    assert!(desk.read("a.yaml").starts_with(&format!("{text}# edited\n")));
}

#[test]
fn links_stay_links_modes_stay_and_what_may_not_be_written_is_told() {
    let text = talk("  - send: { from: conn, text: \"a\" }\n  - expect: { at: client, text: \"b\" }\n");
    let desk = Desk::new(&[("real/a.yaml", &text), ("b.yaml", &text.replace("a talk", "another"))]);
    symlink("real/a.yaml", desk.path("link.yaml")).unwrap();
    let mode = |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    let set = |name: &str, mode| {
        std::fs::set_permissions(desk.path(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    set("real/a.yaml", 0o640);
    assert_eq!(desk.run("replay link.yaml --accept").code, Some(0));
    assert!(std::fs::symlink_metadata(desk.path("link.yaml")).unwrap().is_symlink());
    assert_eq!((mode("real/a.yaml"), names_in(&desk.path("real")).len()), (0o640, 1));
    assert!(desk.read("real/a.yaml").contains("at: client, text: \"a\""));
    if nix::unistd::geteuid().is_root() {
        eprintln!("skipped: root may write everything");
        return;
    }
    set("b.yaml", 0o444);
    let told = desk.run("replay b.yaml --accept");
    assert_eq!(told.code, Some(3), "{}", told.out);
    assert!(told.err.contains("cannot write b.yaml: "), "{}", told.err);
    assert!(desk.read("b.yaml").contains("at: client, text: \"b\""));
}

#[test]
fn a_mark_of_byte_order_and_ends_of_lines_stay() {
    let text = talk("  - send: { from: conn, text: \"a\" }\n  - expect: { at: client, text: \"b\" }\n");
    let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let desk = Desk::new(&[("a.yaml", &text)]);
    assert_eq!(desk.run("replay a.yaml --accept").code, Some(0));
    assert_eq!(desk.read("a.yaml"), text.replace("client, text: \"b\"", "client, text: \"a\""));
}

#[test]
fn a_run_that_is_ended_accepts_nothing() {
    let text = talk("  - send: { from: conn, text: \"a\" }\n  - expect: { at: client, text: \"b\" }\n");
    let hanging =
        HANGING.replace("steps:\n", "steps:\n  - spawn: { as: app, run: [touch, begun], cwd: . }\n");
    let desk = Desk::new(&[("a.yaml", &text), ("b.yaml", &hanging)]);
    let child = desk.command("replay . --accept -j1 --junit r.xml").spawn().unwrap();
    let pid = child.id().to_string();
    while !desk.path("begun").exists() {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), desk.read("a.yaml")), (Some(130), text));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ended by a signal: nothing was accepted"));
    // No report from before is taken for this run's.
    assert!(desk.read("r.xml").contains("errors=\"1\""), "{}", desk.read("r.xml"));
}

#[test]
fn flags_that_make_no_sense_with_it_are_refused_in_a_sentence() {
    let desk = Desk::new(&[("a.yaml", HANGING)]);
    for (flag, why) in [
        ("--list", "--accept and --list do not go together: a list plays nothing that could be accepted"),
        ("--repeat 3", "--accept and --repeat do not go together: one play shows what comes"),
        ("--until-fail", "--accept and --until-fail do not go together: one play shows what comes"),
        ("--for 1s", "--accept and --for do not go together: one play shows what comes"),
        ("--json", "--accept and --json do not go together: stdout is events then"),
        ("--accept=show --junit r.xml", "--accept=show and a report do not go together: what is only shown"),
    ] {
        let accept = if flag.contains("--accept") { "" } else { "--accept" };
        let told = desk.run(&format!("replay a.yaml {accept} {flag}"));
        assert_eq!((told.code, told.out.as_str()), (Some(2), ""), "{flag}");
        assert!(told.err.contains(why), "{flag}: {}", told.err);
    }
    assert_eq!(desk.run("replay a.yaml --accept=maybe").code, Some(2));
}
