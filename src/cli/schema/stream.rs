//! The schema of the event stream: the kinds of events and their fields, as `docs/events.md` has them.

use crate::event::FORMAT_VERSION;
use crate::script::step::{Frame, Word as _};
use crate::script::verbs::VERBS;
use crate::sink::FORMAT;
use crate::text::TimeScale;
use serde_json::{Map, Value, json};

/// A field: its name, with `?` behind it where it may be absent, and its shape.
type Field = (&'static str, &'static str);

const FAILURE: &[Field] = &[
    ("kind", "text"),
    ("message", "text"),
    ("label", "text"),
    ("at", "place"),
    ("step_text", "text"),
    ("step_lane", "text"),
    ("wanted?", "text"),
    ("seen?", "text"),
    ("differs_at?", "count"),
    ("rows", "rows"),
    ("help", "texts"),
];

const PLACE: &[Field] =
    &[("file", "text"), ("line", "count"), ("column", "count"), ("text", "text"), ("span", "span")];

const DATA: &[Field] = &[
    ("len", "count"),
    ("bytes", "text"),
    ("cut?", "bool"),
    ("sha256?", "sha256"),
    ("recipe?", "text"),
    ("kept?", "text"),
    ("frame?", "frame"),
];

/// Every kind of event and its own fields.
const KINDS: &[(&str, &[Field])] = &[
    ("run-started", &[("scenarios", "count"), ("time_scale?", "factor")]),
    ("file-refused", &[("problem", "text"), ("at?", "place")]),
    (
        "run-ended",
        &[
            ("passed", "count"),
            ("failed", "count"),
            ("skipped", "count"),
            ("unstable", "count"),
            ("interrupted", "bool"),
            ("took", "seconds"),
        ],
    ),
    (
        "scenario-started",
        &[
            ("name", "text"),
            ("file", "text"),
            ("line", "count"),
            ("tags", "texts"),
            ("round", "count"),
            ("began?", "text"),
        ],
    ),
    (
        "scenario-ended",
        &[("outcome", "outcome"), ("failure?", "failure"), ("reason?", "text"), ("took", "seconds")],
    ),
    (
        "step-started",
        &[("text", "text"), ("verb", "verb"), ("file", "text"), ("line", "count"), ("column", "count")],
    ),
    ("step-held", &[("took", "seconds"), ("failed_as_told?", "text")]),
    ("failed", FAILURE),
    ("checked", &[("subject", "text"), ("value", "text")]),
    ("note", &[("text", "text")]),
    ("listening", &[("name", "text"), ("at", "text")]),
    ("bound", &[("name", "text"), ("at", "text"), ("peer?", "text")]),
    ("connected", &[("name", "text"), ("local", "text"), ("peer", "text")]),
    ("accepted", &[("name", "text"), ("listener", "text"), ("local", "text"), ("peer", "text")]),
    ("secured", &[("name", "text"), ("protocol", "text"), ("cipher", "text"), ("alpn?", "text")]),
    ("options-set", &[("name", "text"), ("options", "rows")]),
    ("sent", &[("name", "text"), ("to?", "text"), ("data", "data")]),
    ("received", &[("name", "text"), ("from?", "text"), ("data", "data")]),
    ("ended", &[("name", "text"), ("how", "text")]),
    ("shut-down", &[("name", "text"), ("side", "side")]),
    (
        "closed",
        &[
            ("name", "text"),
            ("reset", "bool"),
            ("unread?", "count"),
            ("sent", "count"),
            ("received", "count"),
        ],
    ),
    ("served", &[("name", "text"), ("received", "count"), ("sent", "count"), ("how?", "text")]),
    ("refused", &[("name", "text"), ("kind", "text"), ("why", "text")]),
    ("measured", &[("name", "text"), ("over", "over"), ("figures", "figures")]),
    ("spawned", &[("name", "text"), ("command", "texts"), ("pid", "count")]),
    ("exited", &[("name", "text"), ("how", "text")]),
    ("arrived", &[("name", "text"), ("new", "count"), ("unread", "count"), ("data", "data")]),
    (
        "datagrams-arrived",
        &[
            ("name", "text"),
            ("new", "count"),
            ("waiting", "count"),
            ("dropped", "count"),
            ("from?", "text"),
            ("data", "data"),
        ],
    ),
    ("clients-arrived", &[("name", "text"), ("new", "count"), ("waiting", "count")]),
    ("end-arrived", &[("name", "text"), ("how", "text")]),
    ("refusal-arrived", &[("name", "text"), ("why", "text")]),
];

/// Fields of every line.
const COMMON: &[Field] = &[
    ("format?", "format"),
    ("version?", "version"),
    ("t", "seconds"),
    ("scenario?", "count"),
    ("lane?", "text"),
    ("step?", "count"),
];

/// The schema of one line. Kinds and fields that it does not know are let through: new ones may come.
pub(super) fn schema() -> Value {
    let kinds: Vec<Value> = KINDS
        .iter()
        .map(|(kind, fields)| {
            json!({
                "if": { "properties": { "event": { "const": kind } }, "required": ["event"] },
                "then": object(fields),
            })
        })
        .collect();
    let mut schema = object(COMMON);
    if let Value::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        members.insert("title".to_owned(), format!("a line of {FORMAT}, version {FORMAT_VERSION}").into());
        if let Some(Value::Object(properties)) = members.get_mut("properties") {
            let known: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
            properties.insert("event".to_owned(), json!({ "type": "string", "examples": known }));
        }
        if let Some(Value::Array(required)) = members.get_mut("required") {
            required.push("event".into());
        }
        members.insert("allOf".to_owned(), kinds.into());
    }
    schema
}

fn object(fields: &[Field]) -> Value {
    let name = |field: &str| field.trim_end_matches('?').to_owned();
    let properties: Map<String, Value> = fields.iter().map(|(field, of)| (name(field), shape(of))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|(field, _)| !field.ends_with('?')).map(|(field, _)| *field).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn shape(of: &str) -> Value {
    let verbs: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    match of {
        "count" => json!({ "type": "integer", "minimum": 0 }),
        "seconds" => json!({ "type": "number", "minimum": 0 }),
        "factor" => json!({ "type": "number", "minimum": TimeScale::LEAST, "maximum": TimeScale::MOST }),
        "bool" => json!({ "type": "boolean" }),
        "texts" => json!({ "type": "array", "items": { "type": "string" } }),
        "figures" => json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        "rows" => {
            json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 } })
        }
        "span" => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 2, "maxItems": 2 })
        }
        "place" => object(PLACE),
        "data" => object(DATA),
        "failure" => object(FAILURE),
        "outcome" => json!({ "enum": ["passed", "failed", "skipped", "interrupted"] }),
        "side" => json!({ "enum": ["write", "read", "both"] }),
        "over" => json!({ "enum": ["interval", "whole"] }),
        "verb" => json!({ "enum": verbs }),
        "sha256" => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        "frame" => json!({ "enum": Frame::WORDS }),
        "format" => json!({ "const": FORMAT }),
        "version" => json!({ "const": FORMAT_VERSION }),
        _ => json!({ "type": "string" }),
    }
}
