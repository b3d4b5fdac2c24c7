//! The schema of scenario files: every key, verb, operand, form, option and fact of the tables.

use crate::script::forms::{Form, HEAD, PATTERNS, PAYLOADS, SIGNALS, TIMES};
use crate::script::requirement::Requirement;
use crate::script::verb::{Body, Operand, Takes, Verb};
use crate::script::verbs::{COMMON, VERBS};
use crate::text::{ErrorKind, Fact, SocketOption};
use serde_json::{Map, Value, json};

/// A name of a socket, process or variable.
const NAME: &str = "^[a-z][a-z0-9_-]*$";
/// Something is filled in: what it is shows in the run.
const FILLED_IN: &str = r"\$\{";

/// The schema of one document of a file.
pub(super) fn schema() -> Value {
    let mut head = Map::new();
    for (key, help) in HEAD {
        head.insert((*key).to_owned(), told(head_value(key), help));
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "sockdrill scenario, version 1",
        "description": "One ordered list of steps over named sockets.",
        "type": "object",
        "properties": head,
        "required": ["steps"],
        "additionalProperties": false,
        "definitions": {
            "text": { "type": ["string", "number", "boolean"] },
            "name": { "type": "string", "pattern": NAME },
            "duration": {
                "type": "string",
                "pattern": format!(r"^\s*([0-9.]+\s*[a-zA-Z]+\s*)+$|{FILLED_IN}"),
                "examples": ["200ms", "5s", "1m 30s"],
            },
            "size": {
                "type": ["integer", "string"],
                "minimum": 0,
                "pattern": format!(r"^\s*[0-9][0-9.]*\s*([kKmMgGtTpP]i?)?[bB]?\s*$|{FILLED_IN}"),
                "examples": [1024, "64KiB", "1MB"],
            },
            "count": {
                "type": ["integer", "string"],
                "minimum": 0,
                "pattern": format!("^[0-9]+$|{FILLED_IN}"),
            },
            "bool": { "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": FILLED_IN }] },
            "texts": { "type": "array", "items": { "$ref": "#/definitions/text" } },
            "textMap": { "type": "object", "additionalProperties": { "$ref": "#/definitions/text" } },
            "options": {
                "type": "object", "properties": options(), "minProperties": 1, "additionalProperties": false,
            },
            "payload": map_of(forms(&[PAYLOADS]), &[PAYLOADS]),
            "pattern": map_of(forms(&[PAYLOADS, PATTERNS]), &[PAYLOADS, PATTERNS]),
            "rule": rule(),
            "steps": { "type": "array", "items": { "$ref": "#/definitions/step" } },
            "step": step(),
        },
    })
}

/// A value that is written down once.
fn of(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// A value with words for who hovers over its key.
fn told(value: Value, help: &str) -> Value {
    let members = [("description", help.into()), ("allOf", Value::Array(vec![value]))];
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn head_value(key: &str) -> Value {
    match key {
        "tags" => json!({ "anyOf": [of("text"), of("texts")] }),
        "requires" => {
            let command = json!({
                "type": "object",
                "properties": { "command": told(of("text"), "a program that must be installed") },
                "required": ["command"],
                "additionalProperties": false,
            });
            let offers: Vec<_> = Requirement::words().collect();
            let one = json!({ "if": { "type": "object" }, "then": command, "else": { "enum": offers } });
            json!({ "if": { "type": "array" }, "then": { "type": "array", "items": one }, "else": one })
        }
        "within" => of("duration"),
        "vars" => of("textMap"),
        "cases" => json!({ "type": "array", "items": of("textMap"), "minItems": 1 }),
        "steps" | "finally" => of("steps"),
        _ => of("text"),
    }
}

/// A step is a map with one key, its verb.
fn step() -> Value {
    let verbs: Map<String, Value> =
        VERBS.iter().map(|verb| (verb.name.to_owned(), verb_value(verb))).collect();
    json!({
        "type": "object",
        "properties": verbs,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
    })
}

fn verb_value(verb: &Verb) -> Value {
    let mut value = match (verb.body, verb.plain_operand()) {
        (Body::Lanes, _) => lanes(),
        (_, Some(operand)) if !operand_takes_map(operand) => {
            json!({ "if": { "type": "object" }, "then": operands(verb), "else": operand_value(operand) })
        }
        _ => operands(verb),
    };
    if let Value::Object(members) = &mut value {
        members.insert("description".to_owned(), format!("{}\n\n{}", verb.summary, verb.example).into());
    }
    value
}

fn operand_takes_map(operand: &Operand) -> bool {
    matches!(operand.takes, Takes::TextMap | Takes::Options | Takes::Ready)
}

/// Lanes beside the keys that every step may have.
fn lanes() -> Value {
    json!({
        "type": "object",
        "properties": common(),
        "minProperties": 1,
        "additionalProperties": of("steps"),
    })
}

fn common() -> Map<String, Value> {
    COMMON.iter().map(|operand| (operand.name.to_owned(), operand_told(operand))).collect()
}

fn operands(verb: &Verb) -> Value {
    let mut properties = common();
    let mut one_of: &[&[Form]] = &[];
    match verb.body {
        Body::Payload => one_of = &[PAYLOADS],
        Body::Pattern => one_of = &[PAYLOADS, PATTERNS],
        Body::Settings => properties.extend(options()),
        Body::Facts => {
            properties.extend(options());
            properties.extend(facts());
        }
        Body::None | Body::Lanes => {}
    }
    properties.extend(forms(one_of));
    properties.extend(verb.operands.iter().map(|operand| (operand.name.to_owned(), operand_told(operand))));
    let required: Vec<&str> =
        verb.operands.iter().filter(|operand| operand.required).map(|operand| operand.name).collect();
    let mut value = map_of(properties, one_of);
    if let Value::Object(members) = &mut value
        && !required.is_empty()
    {
        members.insert("required".to_owned(), required.into());
    }
    value
}

/// A map of these keys, exactly one of them one of `forms`, where there are any.
fn map_of(properties: Map<String, Value>, forms: &[&[Form]]) -> Value {
    let each: Vec<Value> =
        forms.iter().flat_map(|forms| forms.iter()).map(|(name, _)| json!({ "required": [name] })).collect();
    let mut value = json!({ "type": "object", "additionalProperties": false });
    if let Value::Object(members) = &mut value {
        members.insert("properties".to_owned(), properties.into());
        if !each.is_empty() {
            members.insert("oneOf".to_owned(), each.into());
        }
    }
    value
}

fn forms(of: &[&[Form]]) -> Map<String, Value> {
    let mut properties = Map::new();
    for (name, help) in of.iter().flat_map(|forms| forms.iter()) {
        properties.insert((*name).to_owned(), told(form_value(name), help));
    }
    if !of.is_empty() {
        properties.insert(TIMES.0.to_owned(), told(self::of("count"), TIMES.1));
    }
    properties
}

fn form_value(name: &str) -> Value {
    match name {
        "lines" => of("texts"),
        "zeros" | "sequence" | "size" => of("size"),
        "random" => {
            let map = json!({
                "type": "object",
                "properties": { "size": of("size"), "seed": of("count") },
                "required": ["size"],
                "additionalProperties": false,
            });
            json!({ "if": { "type": "object" }, "then": map, "else": of("size") })
        }
        "contains" | "starts" | "until" => {
            json!({ "if": { "type": "object" }, "then": of("payload"), "else": of("text") })
        }
        "eof" | "reset" => json!({ "enum": [true] }),
        "silence" => of("duration"),
        "any_of" => json!({ "type": "array", "items": of("pattern"), "minItems": 1 }),
        "exit" => json!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 255 },
                { "type": "string", "pattern": format!("^(SIG)?({})$|^[0-9]+$|{FILLED_IN}", SIGNALS.join("|")) },
            ],
        }),
        _ => of("text"),
    }
}

fn options() -> Map<String, Value> {
    let all = SocketOption::TABLE.iter();
    all.map(|(_, name, _, help)| ((*name).to_owned(), told(of("text"), help))).collect()
}

fn facts() -> Map<String, Value> {
    Fact::TABLE.iter().map(|(_, name, help)| ((*name).to_owned(), told(of("text"), help))).collect()
}

fn operand_told(operand: &Operand) -> Value {
    told(operand_value(operand), operand.help)
}

fn operand_value(operand: &Operand) -> Value {
    match operand.takes {
        Takes::Opens(_) | Takes::Uses(..) | Takes::Inner(_) | Takes::Saves => of("name"),
        Takes::Pair(..) => json!({ "type": "array", "items": of("name"), "minItems": 2, "maxItems": 2 }),
        Takes::Address => json!({ "type": "string", "pattern": format!(":|{FILLED_IN}") }),
        Takes::Place(_) => json!({ "type": "string", "pattern": format!("{NAME}|:|{FILLED_IN}") }),
        Takes::Duration => of("duration"),
        Takes::Size => of("size"),
        Takes::Count => of("count"),
        Takes::Bool => of("bool"),
        Takes::Text if operand.name == "fails" => {
            json!({ "enum": ErrorKind::NAMED.iter().map(|kind| kind.name()).collect::<Vec<_>>() })
        }
        Takes::Text | Takes::File => of("text"),
        Takes::Texts => of("texts"),
        Takes::TextMap => of("textMap"),
        Takes::Options => of("options"),
        Takes::OneOf(words) if operand.name == "signal" => {
            json!({ "type": "string", "pattern": format!("^(SIG)?({})$|{FILLED_IN}", words.join("|")) })
        }
        Takes::OneOf(words) => {
            json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": FILLED_IN }] })
        }
        Takes::Steps => of("steps"),
        Takes::Rules => json!({ "type": "array", "items": of("rule"), "minItems": 1 }),
        Takes::Ready => json!({
            "type": "object",
            "properties": {
                "listening": told(of("text"), "something listens at this address; nothing is sent there"),
                "connect": told(of("text"), "a connection to this address is accepted"),
                "output": {
                    "description": "it has written this",
                    "if": { "type": "object" },
                    "then": of("pattern"),
                    "else": of("text"),
                },
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
        }),
    }
}

/// A rule of `answer`: a pattern, and what follows.
fn rule() -> Value {
    let forms_of = &[PAYLOADS, PATTERNS];
    let mut properties = forms(forms_of);
    properties.insert("reply".to_owned(), told(of("payload"), "what to send then"));
    properties.insert("then".to_owned(), json!({ "enum": ["close", "reset"] }));
    map_of(properties, forms_of)
}
