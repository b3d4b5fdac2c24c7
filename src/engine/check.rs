//! `check`: waits until what the kernel says of a socket, or a value, is so.

use super::deadline::Deadline;
use super::session::{Lane, Live};
use super::trouble::Trouble;
use crate::event::{FailureKind, What};
use crate::script::step::{Check, Condition, Name, Subject, Test};
use crate::script::template::Template;
use crate::text::{OptionValue, Takes, escape, parse_duration, parse_size};
use std::time::Duration;

/// The kernel tells nobody when a fact changes, so it is asked again: soon at first, then less often.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn check(lane: &Lane, number: u32, step: &Check, deadline: Deadline) -> Result<(), Trouble> {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut values = Vec::with_capacity(step.conditions.len());
        let mut wrong = None;
        for condition in &step.conditions {
            let value = value_of(lane, &condition.subject)?;
            if !holds(lane, condition, &value)? {
                wrong = Some((condition, value));
                break;
            }
            values.push(value);
        }
        let Some((condition, value)) = wrong else {
            for (condition, value) in step.conditions.iter().zip(values) {
                lane.note(number, || What::Checked {
                    subject: subject_words(&condition.subject),
                    value: escape(&value),
                });
            }
            return Ok(());
        };
        // A value that nothing can change any more need not be waited for.
        if matches!(condition.subject, Subject::Value(_)) || deadline.has_passed() {
            return Err(not_so(lane, condition, value, deadline));
        }
        if deadline.run(tokio::time::sleep(pause)).await.is_ok() {
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What is looked at, as it is now.
fn value_of(lane: &Lane, subject: &Subject) -> Result<Vec<u8>, Trouble> {
    Ok(match subject {
        Subject::Value(template) => template.render(lane).map_err(Trouble::unfilled)?,
        Subject::Fact(name, fact) => {
            let socket = lane.socket(name)?;
            let value = match &socket.live {
                Live::Stream(stream, _) => stream.fact(*fact)?,
                Live::Listener(listener) => listener.fact(*fact)?,
                Live::Datagram(datagram) => datagram.fact(*fact)?,
                Live::Process(_) => return Err(Trouble::never_opened(name)),
            };
            value.map_or_else(|| "unknown".to_owned(), |value| value.to_string()).into_bytes()
        }
        Subject::Option(name, option) => {
            let socket = lane.socket(name)?;
            let value = match &socket.live {
                Live::Stream(stream, _) => stream.option(*option)?,
                Live::Listener(listener) => listener.option(*option)?,
                Live::Datagram(datagram) => datagram.option(*option)?,
                Live::Process(_) => return Err(Trouble::never_opened(name)),
            };
            value.to_string().into_bytes()
        }
    })
}

fn holds(lane: &Lane, condition: &Condition, value: &[u8]) -> Result<bool, Trouble> {
    let render = |template: &Template| template.render(lane).map_err(Trouble::unfilled);
    Ok(match &condition.test {
        Test::Equals(wanted) => same(&condition.subject, value, &render(wanted)?),
        Test::Differs(other) => !same(&condition.subject, value, &render(other)?),
        Test::Matches(regex) => regex.is_whole(value),
        Test::Contains(part) => memchr::memmem::find(value, &render(part)?).is_some(),
        Test::AtLeast(least) => amount(value)? >= amount(&render(least)?)?,
        Test::AtMost(most) => amount(value)? <= amount(&render(most)?)?,
    })
}

/// Whether two texts say the same: `64KiB` and `65536` do for a size.
fn same(subject: &Subject, value: &[u8], wanted: &[u8]) -> bool {
    if value == wanted {
        return true;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match subject {
        Subject::Option(_, option) => {
            let parse = |bytes: &[u8]| OptionValue::parse(option.takes(), &text(bytes)).ok();
            option.takes() != Takes::Word && parse(value).is_some() && parse(value) == parse(wanted)
        }
        Subject::Fact(..) => match (amount(value), amount(wanted)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        },
        Subject::Value(_) => false,
    }
}

/// A number, a size or a duration as one number: bytes, or nanoseconds.
fn amount(bytes: &[u8]) -> Result<u128, Trouble> {
    let text = String::from_utf8_lossy(bytes);
    let size = parse_size(&text).ok().map(u128::from);
    let amount = size.or_else(|| parse_duration(&text).ok().map(|duration| duration.as_nanos()));
    amount
        .ok_or_else(|| Trouble::unfilled(format!("`{}` is no number, size or duration", text.escape_debug())))
}

fn subject_words(subject: &Subject) -> String {
    match subject {
        Subject::Fact(name, fact) => format!("{name} {}", fact.name()),
        Subject::Option(name, option) => format!("{name} {}", option.name()),
        Subject::Value(_) => "value".to_owned(),
    }
}

fn not_so(lane: &Lane, condition: &Condition, value: Vec<u8>, deadline: Deadline) -> Trouble {
    let (verb, wanted) = match &condition.test {
        Test::Equals(template) => ("", template.render(lane)),
        Test::Differs(template) => ("other than ", template.render(lane)),
        Test::Matches(regex) => ("a match of ", Ok(regex.source().as_bytes().to_vec())),
        Test::Contains(template) => ("something with ", template.render(lane)),
        Test::AtLeast(template) => ("at least ", template.render(lane)),
        Test::AtMost(template) => ("at most ", template.render(lane)),
    };
    let wanted = wanted.unwrap_or_default();
    let words = format!("{verb}{}", escape(&wanted));
    let mut trouble = match &condition.subject {
        Subject::Value(_) => Trouble::new(FailureKind::Mismatch, "the value is not as expected")
            .row("wanted", words)
            .row("seen", if value.is_empty() { "(empty)".to_owned() } else { escape(&value) }),
        Subject::Fact(name, fact) => not_so_in_time(lane, name, fact.name(), &words, &value, deadline),
        Subject::Option(name, option) => not_so_in_time(lane, name, option.name(), &words, &value, deadline),
    };
    trouble.wanted = Some(wanted);
    trouble.seen = Some(value);
    trouble
}

/// What the kernel said of a socket was otherwise until the deadline.
fn not_so_in_time(
    lane: &Lane,
    name: &Name,
    what: &str,
    wanted: &str,
    seen: &[u8],
    deadline: Deadline,
) -> Trouble {
    let message = format!("expected {what} {wanted} at {name}, it was not so within {}", deadline.words());
    let trouble = Trouble::new(FailureKind::Mismatch, message).label(format!("it is {}", escape(seen)));
    match lane.socket(name) {
        Ok(socket) => trouble.about(&socket),
        Err(_) => trouble,
    }
}
