//! The types of `requests` and `lines` against contract/schema: what one takes, the other takes.

mod common;

use std::num::NonZeroU64;

use boon::{Compiler, SchemaIndex, Schemas};
use rust_peer::describe;
use rust_peer::failure::{Failure, Loss, Scope};
use rust_peer::lines::{Delivery, Line};
use rust_peer::message::{Body, Properties};
use rust_peer::requests::{self, NotARequest};
use rust_peer::text::Text;
use rust_peer::values::{Decimal, Value};
use serde_json::{Value as Json, json};

use common::contract;

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn load(name: &str) -> Schema {
        let text = std::fs::read_to_string(contract("schema").join(name)).expect("the schema is there");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource(name, serde_json::from_str(&text).expect("it is JSON")).expect("it is new");
        let index = compiler.compile(name, &mut schemas).expect("it is a schema");
        Schema { schemas, index }
    }

    fn takes(&self, document: &Json) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}

fn table(pairs: &Json) -> Json {
    json!({"type": "table", "value": pairs})
}

/// A request of every kind, with every field that it can have.
fn whole_requests() -> Vec<Json> {
    let arguments =
        table(&json!([["k", {"type": "int32", "value": "1"}], [{"base64": "/w=="}, {"type": "void"}]]));
    let message = json!({
        "properties": {
            "content_type": {"type": "shortstr", "value": "text/plain"},
            "content_encoding": {"type": "shortstr", "value": ""},
            "headers": arguments,
            "delivery_mode": {"type": "octet", "value": "2"},
            "priority": {"type": "octet", "value": "0"},
            "correlation_id": {"type": "shortstr", "value": {"base64": "/w=="}},
            "reply_to": {"type": "shortstr", "value": "r"},
            "expiration": {"type": "shortstr", "value": "1"},
            "message_id": {"type": "shortstr", "value": "m"},
            "timestamp": {"type": "timestamp", "value": "18446744073709551615"},
            "type": {"type": "shortstr", "value": "t"},
            "user_id": {"type": "shortstr", "value": "u"},
            "app_id": {"type": "shortstr", "value": "a"},
            "cluster_id": {"type": "shortstr", "value": "c"},
        },
        "body": {"type": "inline", "value": "x"},
        "framing": {"frames": [1, 2], "body_size": 3, "header": {"base64": "AA=="}},
    });
    vec![
        json!({"op": "describe", "id": 1}),
        json!({"op": "connect", "id": 1, "url": "amqp://h"}),
        json!({"op": "declare_exchange", "id": 1, "name": "x", "kind": "topic", "durable": true,
               "auto_delete": true, "passive": true, "arguments": arguments}),
        json!({"op": "declare_queue", "id": 1, "name": "q", "durable": true, "exclusive": true,
               "auto_delete": true, "passive": true, "arguments": arguments, "defaults": true}),
        json!({"op": "bind", "id": 1, "queue": "q", "exchange": "x", "routing_key": "k", "arguments": arguments}),
        json!({"op": "publish", "id": 1, "exchange": {"base64": "/w=="}, "routing_key": "k", "message": message,
               "mandatory": true, "confirm": true}),
        json!({"op": "consume", "id": 1, "queue": "q", "prefetch": 65535, "no_ack": true, "exclusive": true,
               "arguments": arguments}),
        json!({"op": "cancel", "id": 1, "queue": "q"}),
        json!({"op": "get", "id": 1, "queue": "q"}),
        json!({"op": "ack", "id": 1, "delivery_tag": 1, "multiple": true}),
        json!({"op": "nack", "id": 1, "delivery_tag": 1, "multiple": true, "requeue": false}),
        json!({"op": "reject", "id": 1, "delivery_tag": 1, "requeue": false}),
        json!({"op": "close", "id": 1}),
    ]
}

/// The requests, each with one field left out, of another type, or too many.
fn changed(whole: &Json) -> Vec<Json> {
    let fields: Vec<String> = whole.as_object().expect("a request is an object").keys().cloned().collect();
    let with = |field: &str, value: Option<Json>| {
        let mut made = whole.clone();
        let object = made.as_object_mut().expect("a request is an object");
        match value {
            Some(value) => object.insert(field.to_owned(), value),
            None => object.remove(field),
        };
        made
    };
    let wrong = [json!(0), json!(-1), json!(65536), json!("other"), json!(true), json!({}), json!([])];
    let mut made = vec![with("unknown", Some(json!(1)))];
    for field in &fields {
        made.push(with(field, None));
        made.extend(wrong.iter().map(|value| with(field, Some(value.clone()))));
    }
    made
}

#[test]
fn a_request_is_read_where_the_schema_allows_it_and_nowhere_else() {
    let schema = Schema::load("peer-request.schema.json");
    let (mut allowed, mut refused) = (0, 0);
    for whole in whole_requests() {
        assert!(schema.takes(&whole), "{whole}");
        for request in changed(&whole).into_iter().chain([whole]) {
            let read = requests::read(request.to_string().as_bytes());
            assert_eq!(read.is_ok(), schema.takes(&request), "{request}: {read:?}");
            if read.is_ok() { allowed += 1 } else { refused += 1 }
        }
    }
    assert!(allowed > 60 && refused > 200, "{allowed} allowed, {refused} refused");
}

#[test]
fn a_wrong_request_keeps_its_id() {
    for line in [r#"{"op":"get","id":7}"#, r#"{"id":7}"#, r#"{"op":"dance","id":7}"#, r#"{"op":3,"id":7}"#] {
        let NotARequest { id, .. } = requests::read(line.as_bytes()).expect_err("it is wrong");
        assert_eq!(id, NonZeroU64::new(7), "{line}");
    }
    for line in ["{", "[]", r#"{"op":"get","id":0}"#, r#"{"op":"get","id":"7"}"#] {
        let NotARequest { id, .. } = requests::read(line.as_bytes()).expect_err("it is wrong");
        assert_eq!(id, None, "{line}");
    }
}

#[test]
fn half_a_surrogate_pair_is_no_request() {
    assert!(requests::read(br#"{"op":"get","id":1,"queue":"\ud800"}"#).is_err());
}

fn delivery(value: Value, octets: Vec<u8>) -> Line {
    let named = |text: &str| Some(Value::Shortstr(Text::from(text)));
    Line::Delivery(Box::new(Delivery {
        queue: Text(vec![0xff]),
        delivery_tag: 1,
        redelivered: true,
        exchange: Text::default(),
        routing_key: Text::from("k"),
        properties: Properties {
            content_type: named(""),
            headers: Some(Value::Table(vec![("k".into(), value)])),
            priority: Some(Value::Octet(0)),
            timestamp: Some(Value::Timestamp(u64::MAX)),
            r#type: named("t"),
            cluster_id: named("c"),
            ..Properties::default()
        },
        body: Body::delivered(octets),
    }))
}

fn lines() -> Vec<Line> {
    let id = NonZeroU64::MIN;
    let loss = |code| Loss { scope: Scope::Channel, code, message: "gone".to_owned() };
    let mut made = vec![
        Line::Described(describe::described(id)),
        Line::Ok { id },
        Line::Confirmed { id },
        Line::Nacked { id },
        Line::Returned { id, code: 312, text: Text::from("NO_ROUTE") },
        Line::Empty { id },
        Line::failed(id, Failure::unsupported("framing")),
        Line::failed(id, Failure::Refused("raised".to_owned())),
        Line::failed(id, Failure::bug("mine")),
        Line::failed(id, Failure::Disconnected(None)),
        Line::failed(id, loss(Some(404)).into()),
        Line::Undecodable { queue: Text::from("q"), message: "raised".to_owned() },
        Line::Cancelled { queue: Text::from("q") },
        Line::closed(&loss(None)),
        Line::closed(&Loss { scope: Scope::Connection, ..loss(Some(541)) }),
        delivery(Value::Void, vec![0; 4096]),
        delivery(Value::NativeDecimal(Decimal { scale: 2, unscaled: 4_294_967_295 }), vec![0xff; 4097]),
    ];
    let fields: Vec<Json> = common::vectors("fields.json");
    for field in fields {
        let value = serde_json::from_str(&field["value"].to_string()).expect("a vector is a value");
        made.push(delivery(value, Vec::new()));
    }
    made
}

#[test]
fn every_line_is_allowed_by_the_schema() {
    let schema = Schema::load("peer-line.schema.json");
    for line in lines() {
        let written = serde_json::to_value(&line).expect("a line is JSON");
        assert!(schema.takes(&written), "{written}");
    }
}

#[test]
fn the_schema_is_not_blind() {
    let schema = Schema::load("peer-line.schema.json");
    assert!(!schema.takes(&json!({"type": "ok"})));
    assert!(!schema.takes(&json!({"type": "returned", "id": 1, "code": 312, "text": 1})));
}
