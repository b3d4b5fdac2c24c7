//! Flags of `replay` that do not go together, and why.

/// Two flags, and why they do not go together.
type Row = (&'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    ("--list", "a report", "a list plays nothing that could be reported"),
    ("--repeat", "--until-fail", "one of them says how often"),
    ("--repeat", "--for", "one of them says how often"),
    (
        "--accept=show",
        "a report",
        "what is only shown is no run; leave `=show` out to write, play and report",
    ),
    ("--accept", "--list", "a list plays nothing that could be accepted"),
    ("--accept", "--repeat", "one play shows what comes"),
    ("--accept", "--until-fail", "one play shows what comes"),
    ("--accept", "--for", "one play shows what comes"),
    ("--watch", "--step", "steps are gone through once"),
    ("--watch", "--accept", "what is written would be saved, and played again"),
    ("--watch", "--list", "a list ends at once"),
    ("--watch", "--until-fail", "it plays when something is saved"),
    ("--watch", "--for", "it plays when something is saved"),
    ("--watch", "--fail-fast", "it goes on after a failure"),
    ("--watch", "--json", "a stream of events is of one run"),
    ("--watch", "a report", "a report is of one run"),
    ("--step", "--accept", "accepting plays everything at once"),
    ("--step", "--list", "a list plays nothing"),
    ("--step", "--isolate", "stepped scenarios are played on this machine"),
    ("--step", "--jobs", "one step at a time is one scenario at a time"),
    ("--step", "--repeat", "steps are gone through once"),
    ("--step", "--until-fail", "steps are gone through once"),
    ("--step", "--for", "steps are gone through once"),
    ("--step", "--fail-fast", "`q` ends it"),
    ("--step", "--no-skip", "whoever looks sees what is skipped"),
    ("--step", "--quiet", "steps are shown"),
    ("--step", "--verbose", "everything is shown"),
    ("--step", "--ladder", "everything is shown as it happens"),
    ("--step", "--json", "its times are those of whoever presses the key"),
    ("--step", "a report", "its times are those of whoever presses the key"),
    ("--accept", "--json", "stdout is events then, and not the difference; write `--json=FILE`"),
];

/// The sentence that says which of the flags that are `given` do not go together.
pub(super) fn clash(given: &[&str]) -> Option<String> {
    let found = TABLE.iter().find(|(one, other, _)| given.contains(one) && given.contains(other));
    found.map(|(one, other, why)| format!("{one} and {other} do not go together: {why}"))
}
