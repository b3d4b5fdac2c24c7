//! Flags of `replay` that do not go together, and why.

/// Two flags, and why they do not go together.
type Row = (&'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    ("--accept", "--list", "a list plays nothing that could be accepted"),
    ("--accept", "--repeat", "one play shows what comes"),
    ("--accept", "--until-fail", "one play shows what comes"),
    ("--accept", "--for", "one play shows what comes"),
    ("--accept", "--json", "stdout is events then, and not the difference; write `--json=FILE`"),
];

/// The sentence that says which of the flags that are `given` do not go together.
pub(super) fn clash(given: &[&str]) -> Option<String> {
    let found = TABLE.iter().find(|(one, other, _)| given.contains(one) && given.contains(other));
    found.map(|(one, other, why)| format!("{one} and {other} do not go together: {why}"))
}
