//! Programs that were started.

use super::*;

#[test]
fn a_program_that_is_not_there() {
    stored!(alone("- spawn: { as: app, run: [no-such-program, --serve] }"));
}

#[test]
fn a_program_that_ends_before_it_is_ready() {
    stored!(alone(
        "
- spawn:
    as: app
    run: [sh, -c, 'echo starting; echo \"cannot open config.toml\" >&2; exit 3']
    ready: { listening: '127.0.0.1:${port.app}' }"
    ));
}

#[test]
fn a_program_that_is_not_ready_in_time() {
    stored!(alone(
        "
- spawn:
    as: app
    run: [sh, -c, 'echo warming up; exec sleep 60']
    ready: { output: { contains: ready } }
    within: 300ms"
    ));
}

#[test]
fn a_program_that_exits_otherwise() {
    stored!(alone(
        "
- spawn: { as: app, run: [sh, -c, 'echo \"disk full\" >&2; exit 3'] }
- expect: { at: app, exit: 0 }"
    ));
}

#[test]
fn a_program_that_is_ended_by_a_signal() {
    stored!(alone(
        "
- spawn: { as: app, run: [sleep, '60'] }
- stop: app
- expect: { at: app, exit: 0 }"
    ));
}

#[test]
fn a_program_that_does_not_exit_in_time() {
    stored!(alone(
        "
- spawn: { as: app, run: [sleep, '60'] }
- expect: { at: app, exit: 0, within: 30ms }"
    ));
}

#[test]
fn a_program_that_does_not_read() {
    stored!(alone(
        "
- spawn: { as: app, run: [sleep, '60'] }
- send: { from: app, zeros: 1MiB, within: 50ms }"
    ));
}

#[test]
fn a_program_that_writes_something_else() {
    stored!(alone(
        "
- spawn: { as: app, run: [sh, -c, 'echo hallo; exec sleep 60'] }
- expect: { at: app, text: \"hello\\n\" }"
    ));
}

#[test]
fn a_program_whose_output_ends_first() {
    stored!(alone(
        "
- spawn: { as: app, run: [sh, -c, 'echo starting; echo \"no config\" >&2; exit 1'] }
- expect: { at: app, contains: \"ready\" }"
    ));
}
