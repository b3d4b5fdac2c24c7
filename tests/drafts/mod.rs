//! Drafts of every kind, for the properties of what is written and read back.

#![allow(dead_code, reason = "each test takes what it needs")]

use proptest::prelude::*;
use sockdrill::script::draft::{Draft, DraftStep, keys_of};
use sockdrill::script::forms::HEAD;
use sockdrill::script::node::{Entry, Node, Style, Value, nowhere};
use sockdrill::script::verb::{Body, Verb};
use sockdrill::script::verbs::VERBS;
use std::collections::BTreeMap;

/// A node that nobody wrote.
pub fn node(value: Value) -> Node {
    Node { value, place: nowhere("test") }
}

/// Texts, most of which mean something to somebody.
pub fn texts() -> impl Strategy<Value = String> {
    let telling = prop::sample::select(vec![
        "",
        "yes",
        "No",
        "on",
        "null",
        "~",
        "0x10",
        "12:34",
        "1e3",
        "017",
        "1.10",
        "true",
        "false",
        "5",
        "- a",
        "a: b",
        "a #b",
        "${x}",
        "[::1]:0",
        "127.0.0.1:0",
        "it's",
        "\"q\"",
        "a\r\nb\r\n",
        "\u{feff}",
        "\u{85}x",
        "\u{2028}",
        "|",
        ">",
        "%",
        "@x",
        "`",
        "&a",
        "*a",
        "!t",
        "---",
        "...",
        "<<",
        "=",
        " lead",
        "trail ",
        "tab\there",
        "{",
        "}",
        ",",
        "a,b",
        "x: {",
        "?",
        "? a",
        "-",
        "--",
        ":",
        "a:",
        "\\",
        "\\n",
        "\0",
        "\u{7f}",
        "\u{1F600}",
        "2026-01-01",
        "#",
    ]);
    prop_oneof![
        2 => telling.prop_map(str::to_owned),
        2 => "[ -~]{0,30}",
        1 => ".{0,20}",
        1 => "[a-z]{1,9}( [a-z]{1,9}){8,60}\n?",
    ]
}

fn nodes() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        6 => texts().prop_map(|text| node(Value::Scalar(text, Style::Plain))),
        1 => Just(node(Value::Null)),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| node(Value::List(items))),
            maps(inner.clone()),
            steps_node(inner),
        ]
    })
}

fn maps(inner: BoxedStrategy<Node>) -> impl Strategy<Value = Node> {
    let keys = texts().prop_filter("merging is refused", |key| key != "<<");
    prop::collection::btree_map(keys, inner, 0..4).prop_map(|map| node(Value::Map(entries(map))))
}

fn entries(map: BTreeMap<String, Node>) -> Vec<Entry> {
    map.into_iter().map(|(key, value)| Entry { key: node(Value::Scalar(key, Style::Plain)), value }).collect()
}

/// A list of what looks like steps.
fn steps_node(inner: BoxedStrategy<Node>) -> impl Strategy<Value = Node> {
    let step = (verbs(), inner)
        .prop_map(|(verb, value)| node(Value::Map(entries(BTreeMap::from([(verb.name.to_owned(), value)])))));
    prop::collection::vec(step, 0..3).prop_map(|items| node(Value::List(items)))
}

fn verbs() -> impl Strategy<Value = &'static Verb> {
    prop::sample::select(VERBS.iter().collect::<Vec<_>>())
}

/// Steps with operands that their verbs know, and values of any shape.
pub fn steps() -> impl Strategy<Value = DraftStep> {
    verbs().prop_flat_map(|verb| {
        let keys = match verb.body {
            Body::Lanes => "[a-z]{1,6}".boxed(),
            _ => prop::sample::select(keys_of(verb)).prop_map(str::to_owned).boxed(),
        };
        prop::collection::vec((keys, nodes()), 0..5).prop_map(move |operands| {
            let mut step = DraftStep::new(verb, &nowhere("test"));
            for (key, value) in operands {
                if step.get(&key).is_none() {
                    step = step.with(&key, value);
                }
            }
            step
        })
    })
}

/// Scenarios with heads and steps of any kind.
pub fn drafts() -> impl Strategy<Value = Draft> {
    let keys: Vec<&str> =
        HEAD.iter().map(|(key, _)| *key).filter(|key| !matches!(*key, "steps" | "finally")).collect();
    let head = prop::collection::btree_map(prop::sample::select(keys), nodes(), 0..4);
    (head, prop::collection::vec(steps(), 0..6), prop::collection::vec(steps(), 0..2)).prop_map(
        |(head, steps, finally)| {
            let head = head.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            Draft { head: entries(head), finally, ..Draft::of_steps(steps, &nowhere("test")) }
        },
    )
}
