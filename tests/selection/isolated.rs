//! `--isolate`: every scenario has its own loopback, for an ordinary user too; where that cannot be, it says
//! why.

use crate::desk::{Desk, FAILING, GOOD, Told, told};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A port on a loopback address that no other test has: nobody else is given it by chance.
fn own_address() -> String {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    format!("127.{}.{middle}.{low}:7070", high | 0x80)
}

/// Listens at `address` and ends when `other` has come as far as this, or has failed there.
fn listening_until(name: &str, other: &str, address: &str, desk: &Desk) -> String {
    let meeting = desk.path("").display().to_string();
    format!(
        "name: {name} listens until {other} has tried
steps:
  - listen: {{ as: server, at: '{address}' }}
  - spawn:
      as: met
      run: [sh, -c, 'touch {name}; until [ -e {other} ]; do sleep 0.02; done']
      cwd: {meeting}
  - expect: {{ at: met, exit: 0, within: 60s }}
finally:
  - spawn:  {{ as: done, run: [touch, {name}], cwd: {meeting} }}
  - expect: {{ at: done, exit: 0, within: 60s }}
"
    )
}

/// Whether scenarios can be isolated here; a test that needs it and cannot have it says so and passes.
fn can_isolate(told: &Told) -> bool {
    let refused = told.err.lines().find(|line| line.contains("namespaces cannot be made here"));
    if let Some(refused) = refused {
        #[allow(clippy::print_stderr, reason = "says why nothing was tested")]
        {
            eprintln!("skipped: {refused}");
        }
    }
    refused.is_none()
}

/// The same command by an ordinary user, who may do in the desk what he likes.
fn by_an_ordinary_user(desk: &Desk, arguments: &str) -> Command {
    std::fs::set_permissions(desk.path(""), PermissionsExt::from_mode(0o777)).unwrap();
    if !nix::unistd::geteuid().is_root() {
        return desk.command(arguments);
    }
    let program = desk.command(arguments);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program.get_program());
    command.args(program.get_args()).current_dir(desk.path(""));
    command
}

#[test]
fn a_fixed_port_clashes_in_parallel_and_not_where_scenarios_are_isolated() {
    let desk = Desk::new(&[]);
    let address = own_address();
    for (name, other) in [("one", "two"), ("two", "one")] {
        let text = listening_until(name, other, &address, &desk);
        std::fs::write(desk.path(&format!("{name}.yaml")), text).unwrap();
    }
    let clash = desk.run("replay . -j 2");
    assert_eq!(clash.code, Some(1), "{}", clash.err);
    assert!(clash.out.contains("1 passed, 1 failed"), "{}{}", clash.out, clash.err);
    assert!(clash.err.contains("another socket has that port"), "{}", clash.err);
    for command in
        [desk.command("replay . -j 2 --isolate"), by_an_ordinary_user(&desk, "replay . -j 2 --isolate")]
    {
        for mark in ["one", "two"] {
            std::fs::remove_file(desk.path(mark)).unwrap();
        }
        let isolated = told(command);
        if !can_isolate(&isolated) {
            return;
        }
        assert_eq!(isolated.code, Some(0), "{}{}", isolated.out, isolated.err);
    }
}

#[test]
fn a_port_that_is_taken_on_the_machine_is_free_and_low_ones_are_too() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "name: a port of the machine's
steps:
  - listen:  {{ as: server, at: '{}' }}
  - listen:  {{ as: low, at: '127.0.0.1:7' }}
  - connect: {{ as: client, to: low }}
  - accept:  {{ as: conn, at: low }}
  - spawn:   {{ as: user, run: [id, -u] }}
  - expect:  {{ at: user, matches: '(?<number>\\d+)\\n' }}
  - spawn:   {{ as: owner, run: [stat, -c, '%u', .] }}
  - expect:  {{ at: owner, text: \"${{number}}\\n\" }}
",
        taken.local_addr().unwrap()
    );
    let desk = Desk::new(&[("taken.yaml", &text)]);
    let told = told(by_an_ordinary_user(&desk, "replay taken.yaml --isolate --json=run.jsonl"));
    if can_isolate(&told) {
        assert_eq!(told.code, Some(0), "{}", told.err);
        assert!(desk.read("run.jsonl").contains("run-ended"));
    }
    assert_eq!(desk.run("replay taken.yaml").code, Some(1));
}

#[test]
fn an_isolated_scenario_reaches_nothing_outside_and_is_told_why() {
    let outside = "name: outside\nsteps:\n  - connect: { as: client, to: '192.0.2.1:80' }\n";
    let told = Desk::new(&[("outside.yaml", outside)]).run("replay . --isolate");
    if can_isolate(&told) {
        assert_eq!(told.code, Some(1));
        assert!(told.err.contains("192.0.2.1:80: unreachable"), "{}", told.err);
        assert!(
            told.err.contains("the scenario is isolated: it reaches what it starts itself"),
            "{}",
            told.err
        );
    }
}

#[test]
fn verdicts_and_codes_are_those_of_a_run_that_is_not_isolated() {
    let desk = Desk::new(&[("good.yaml", GOOD), ("bad.yaml", FAILING)]);
    for rounds in ["", "--repeat 3", "--for 1ms"] {
        let told = desk.run(&format!("replay . --isolate {rounds}"));
        if !can_isolate(&told) {
            return;
        }
        assert_eq!(told.code, Some(1), "{}", told.err);
        assert!(told.out.contains("1 passed, 1 failed in"), "{}", told.out);
    }
    assert_eq!(desk.run("replay . --isolate --list").out.lines().count(), 2);
}

#[test]
fn the_gallery_passes_isolated_twice_at_once() {
    let gallery = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let desk = Desk::new(&[]);
    // Deadlines are for machines that do nothing else.
    let arguments = format!("replay {} --isolate --quiet --time-scale 10", gallery.display());
    let run = || told(desk.command(&arguments));
    let both = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        [run(), other.join().unwrap()]
    });
    for told in both {
        if can_isolate(&told) {
            assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
        }
    }
}

/// Runs it in a user namespace that allows none of a kind.
fn where_none_are_allowed(desk: &Desk, kind: &str, with: &str) -> Option<Told> {
    let program = desk.command("");
    let script = format!(
        "echo 0 > /proc/sys/user/{kind} && exec {with} {} replay . --isolate --junit r.xml",
        program.get_program().display()
    );
    let mut command = Command::new("unshare");
    command.args(["-Ur", "sh", "-c", &script]).current_dir(desk.path(""));
    let told = told(command);
    let refused = told.err.contains("unshare") || told.err.contains("setpriv") || told.err.contains("sh:");
    (!refused).then_some(told)
}

#[test]
fn where_namespaces_are_refused_nothing_is_played_and_the_reason_is_told() {
    let without_rights = "setpriv --bounding-set=-all --inh-caps=-all";
    for (kind, with) in [("max_net_namespaces", ""), ("max_user_namespaces", without_rights)] {
        let desk = Desk::new(&[("good.yaml", GOOD)]);
        let Some(told) = where_none_are_allowed(&desk, kind, with) else { continue };
        assert_eq!(told.code, Some(2), "{}", told.err);
        let why = format!("--isolate: namespaces cannot be made here: user.{kind} is 0; nothing was played");
        assert!(told.err.contains(&why), "{}", told.err);
        assert!(
            told.err.contains(&format!("`sysctl -w user.{kind}=10000`, as root, allows them")),
            "{}",
            told.err
        );
        assert!(desk.read("r.xml").contains(&why), "{}", desk.read("r.xml"));
    }
}
