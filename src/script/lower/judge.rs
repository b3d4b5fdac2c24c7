//! Verbs about the kernel's view: set and check.

use super::{has, named, option_value};
use crate::script::checker::Checker;
use crate::script::draft::DraftStep;
use crate::script::node::{Node, Value};
use crate::script::pattern::Matches;
use crate::script::regex::Against;
use crate::script::step::{Action, Check, Condition, Name, Options, Subject, Test};
use crate::script::template::Template;
use crate::script::verb::Kind;
use crate::text::{Diagnostic, Fact, OptionValue, SocketOption, did_you_mean, visible};

pub fn set(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let mut options = Options::new();
    let mut sound = true;
    for entry in &draft.operands {
        let Some(option) = entry.key.as_scalar().and_then(SocketOption::from_name) else { continue };
        let kind = named(draft, "at").and_then(|name| checker.scope.find(&name).map(|opened| opened.kind));
        if kind.is_some_and(|kind| !has(checker, kind, option, &entry.key)) {
            sound = false;
            continue;
        }
        match option_value(checker, option, &entry.key, &entry.value) {
            Some(value) => options.push((option, value)),
            None => sound = false,
        }
    }
    if options.is_empty() && sound && !draft.refused {
        let problem = Diagnostic::error("`set` names no option", &draft.place);
        checker.tell(problem.help("as in `set: { at: client, nodelay: true }`"));
        return None;
    }
    Some(Action::Set { at: named(draft, "at")?, options }).filter(|_| sound)
}

/// The comparisons, by their key.
const TESTS: [&str; 6] = ["equals", "differs", "matches", "contains", "at_least", "at_most"];

pub fn check(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Action> {
    let errors = checker.errors();
    let mut conditions = Vec::new();
    for entry in &draft.operands {
        let Some(key) = entry.key.as_scalar() else { continue };
        if let Some(subject) = subject_of(checker, draft, key, &entry.key)
            && let Some(test) = equals(checker, &subject, &entry.key, &entry.value)
        {
            conditions.push(Condition { subject, test });
        }
    }
    let tests: Vec<(&str, &Node)> = TESTS.iter().filter_map(|key| Some((*key, draft.get(key)?))).collect();
    let named = ["fact", "value"].into_iter().any(|key| draft.get(key).is_some());
    let subject = compared(checker, draft);
    for (key, node) in &tests {
        if let Some(subject) = &subject
            && let Some(test) = test_of(checker, key, node, subject)
        {
            conditions.push(Condition { subject: again(subject), test });
        }
    }
    if checker.errors() == errors && !draft.refused {
        let problem = match tests.first() {
            Some((key, node)) if !named => Some(
                Diagnostic::error(format!("`{key}` has nothing to compare"), &node.place)
                    .help("name it with `fact: unread` or `value: \"${name}\"`"),
            ),
            None if named => Some(
                Diagnostic::error("`check` does not say what must be so", &draft.place)
                    .help(format!("add one of {}", TESTS.join(", "))),
            ),
            None if conditions.is_empty() => Some(
                Diagnostic::error("`check` names no fact", &draft.place)
                    .help("as in `check: { at: conn, state: close-wait }`"),
            ),
            _ => None,
        };
        if let Some(problem) = problem {
            checker.tell(problem);
        }
    }
    (checker.errors() == errors).then_some(Action::Check(Check { conditions }))
}

/// What a key of `check` looks at, where it is a fact or an option.
fn subject_of(checker: &mut Checker<'_>, draft: &DraftStep, key: &str, at: &Node) -> Option<Subject> {
    let fact = Fact::from_name(key);
    let option = SocketOption::from_name(key);
    if fact.is_none() && option.is_none() {
        return None;
    }
    let Some(name) = named(draft, "at") else {
        if draft.get("at").is_none() && !draft.refused {
            let problem = Diagnostic::error(format!("`{key}` is of a socket: `at` says which"), &at.place);
            checker.tell(problem.help("as in `check: { at: conn, state: close-wait }`"));
        }
        return None;
    };
    if let Some(fact) = fact {
        suits(checker, fact, &name, at);
    }
    Some(match (fact, option) {
        (Some(fact), _) => Subject::Fact(name, fact),
        (None, Some(option)) => Subject::Option(name, option),
        (None, None) => return None,
    })
}

/// Tells of facts that a kind of socket does not have.
fn suits(checker: &mut Checker<'_>, fact: Fact, name: &Name, at: &Node) {
    let Some(kind) = checker.scope.find(name).map(|opened| opened.kind) else { return };
    let wrong = match fact {
        Fact::Queued => kind != Kind::Listener,
        Fact::Dropped => kind != Kind::Datagram,
        Fact::Retransmits | Fact::Rtt | Fact::Mss | Fact::CongestionWindow => kind != Kind::Stream,
        Fact::Unread | Fact::Unsent | Fact::Peer => kind == Kind::Listener,
        Fact::State => kind == Kind::Datagram,
        Fact::Local | Fact::Error | Fact::Sent | Fact::Received => false,
    };
    if wrong {
        checker.tell(Diagnostic::error(format!("a {} has no `{}`", kind.name(), fact.name()), &at.place));
    }
}

/// What `fact:` or `value:` names.
fn compared(checker: &mut Checker<'_>, draft: &DraftStep) -> Option<Subject> {
    match (draft.get("fact"), draft.get("value")) {
        (Some(fact), Some(_)) => {
            checker.tell(Diagnostic::error("`fact` and `value` cannot both be compared", &fact.place));
            None
        }
        (Some(node), None) => {
            let word = checker.text(node)?;
            let subject = subject_of(checker, draft, &word, node);
            let known = Fact::from_name(&word).is_some() || SocketOption::from_name(&word).is_some();
            if !known {
                let names =
                    Fact::TABLE.iter().map(|row| row.1).chain(SocketOption::TABLE.iter().map(|row| row.1));
                let near = did_you_mean(&word, names).map(|near| format!("did you mean `{near}`?"));
                checker.tell(
                    Diagnostic::error(format!("there is no fact `{}`", visible(&word)), &node.place)
                        .maybe_help(near),
                );
            }
            subject
        }
        (None, Some(node)) => checker.template(node).map(Subject::Value),
        (None, None) => None,
    }
}

/// `state: close-wait` says that it equals that; the value must be one that it can have.
fn equals(checker: &mut Checker<'_>, subject: &Subject, key: &Node, node: &Node) -> Option<Test> {
    if matches!(node.value, Value::Null) {
        let what = format!("`{}` has no value", key.as_scalar().unwrap_or_default());
        checker.tell(Diagnostic::error(what, &key.place).help("write what it must be after the colon"));
    }
    if let (Some(first), Some(key)) = (comparison(node), key.as_scalar()) {
        let what = format!("`{key}` is compared by keys beside it, not below it");
        let help = format!("write `fact: {key}, {}`", visible(&first));
        checker.tell(Diagnostic::error(what, &node.place).help(help));
        return None;
    }
    let template = checker.template(node)?;
    let text = template.as_literal().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let problem = match (subject, text) {
        (Subject::Fact(_, Fact::State), Some(text)) if !Fact::STATES.contains(&text.as_str()) => {
            let near = did_you_mean(&text, Fact::STATES).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| format!("states are {}", Fact::STATES.join(", ")));
            Some((format!("`{}` is no TCP state", visible(&text)), help))
        }
        (Subject::Fact(_, fact), Some(text)) if is_count(*fact) && text.parse::<u64>().is_err() => Some((
            format!("`{}` is a number, not `{}`", fact.name(), visible(&text)),
            "as in `unread: 5`; `fact: unread, at_least: 1` compares".to_owned(),
        )),
        (Subject::Option(_, option), Some(text)) => {
            OptionValue::parse(option.takes(), &text).err().map(|what| (what, String::new()))
        }
        _ => None,
    };
    if let Some((what, help)) = problem {
        checker.tell(
            Diagnostic::error(what, &node.place).maybe_help(Some(help).filter(|help| !help.is_empty())),
        );
        return None;
    }
    Some(Test::Equals(template))
}

/// `at_least: 1` out of `{ at_least: 1 }`, where a value belongs.
fn comparison(node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    let entry = entries.first()?;
    let (key, value) = (entry.key.as_scalar()?, entry.value.as_scalar()?);
    TESTS.contains(&key).then(|| format!("{key}: {value}"))
}

fn is_count(fact: Fact) -> bool {
    !matches!(fact, Fact::State | Fact::Local | Fact::Peer | Fact::Error | Fact::Rtt)
}

fn test_of(checker: &mut Checker<'_>, key: &str, node: &Node, subject: &Subject) -> Option<Test> {
    if let Subject::Fact(_, fact @ (Fact::State | Fact::Local | Fact::Peer | Fact::Error)) = subject
        && matches!(key, "at_least" | "at_most")
    {
        let problem = Diagnostic::error(format!("`{}` has no order", fact.name()), &node.place);
        checker.tell(problem.help("`equals`, `differs`, `contains` or `matches`"));
        return None;
    }
    if key == "matches" {
        return match checker.regex(node, Against::Datagram)? {
            Matches::Compiled(regex) => Some(Test::Matches(regex)),
            Matches::Holes(..) => {
                checker.tell(Diagnostic::error(
                    "this expression must be known before the scenario runs",
                    &node.place,
                ));
                None
            }
        };
    }
    let template = checker.template(node)?;
    Some(match key {
        "equals" => equals(checker, subject, node, node)?,
        "differs" => Test::Differs(template),
        "contains" => Test::Contains(template),
        "at_least" => Test::AtLeast(numeric(checker, template, node)?),
        _ => Test::AtMost(numeric(checker, template, node)?),
    })
}

/// A number, a size or a duration, as far as it is known now.
fn numeric(checker: &mut Checker<'_>, template: Template, node: &Node) -> Option<Template> {
    let text = template.as_literal().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let wrong = text
        .filter(|text| crate::text::parse_size(text).is_err() && crate::text::parse_duration(text).is_err());
    if let Some(text) = wrong {
        checker.tell(Diagnostic::error(
            format!("`{}` is no number, size or duration", visible(&text)),
            &node.place,
        ));
        return None;
    }
    Some(template)
}

fn again(subject: &Subject) -> Subject {
    match subject {
        Subject::Fact(name, fact) => Subject::Fact(name.clone(), *fact),
        Subject::Option(name, option) => Subject::Option(name.clone(), *option),
        Subject::Value(template) => Subject::Value(template.clone()),
    }
}
