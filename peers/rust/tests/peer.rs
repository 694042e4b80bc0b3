//! The peer without a broker: replies, their order, and how it ends.

mod common;

use std::collections::BTreeSet;
use std::io;
use std::net::TcpListener;

use serde_json::{Value as Json, json};

use common::spoken;

const MESSAGE: &str = r#"{"properties":{},"body":{"type":"inline","value":"x"}}"#;

fn kinds(lines: &[Json]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().expect("a line has a type")).collect()
}

#[test]
fn describe_names_library_release_and_roles() {
    let (lines, ended) = spoken("{\"op\":\"describe\",\"id\":1}\n{\"op\":\"close\",\"id\":2}\n");
    assert!(ended.is_ok());
    assert_eq!(kinds(&lines), ["described", "ok"]);
    assert_eq!(lines[0]["library"], "lapin");
    assert_eq!(lines[0]["roles"], json!(["producer", "consumer"]));
    let release = lines[0]["version"].as_str().expect("a release is text");
    assert_eq!(release.split('.').count(), 3, "{release}");
}

#[test]
fn the_end_of_the_input_is_an_end() {
    let (lines, ended) = spoken("");
    assert!(lines.is_empty() && ended.is_ok());
}

#[test]
fn what_comes_after_close_is_not_answered() {
    let (lines, _) = spoken("{\"op\":\"close\",\"id\":1}\n{\"op\":\"describe\",\"id\":2}\n");
    assert_eq!(kinds(&lines), ["ok"]);
}

#[test]
fn a_line_without_an_id_ends_the_peer() {
    let (lines, ended) = spoken("{\"op\":\"describe\",\"id\":1}\nnonsense\n{\"op\":\"describe\",\"id\":2}\n");
    assert_eq!(kinds(&lines), ["described"]);
    assert_eq!(ended.expect_err("it is no request").kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_line_that_is_cut_ends_the_peer() {
    let (lines, ended) = spoken("{\"op\":\"describe\",\"id\":1}");
    assert!(lines.is_empty());
    assert_eq!(ended.expect_err("it is cut").kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_wrong_request_is_a_bug_and_the_next_is_answered() {
    let (lines, ended) = spoken("{\"op\":\"get\",\"id\":1}\n{\"op\":\"describe\",\"id\":2}\n");
    assert!(ended.is_ok());
    assert_eq!(kinds(&lines), ["error", "described"]);
    assert_eq!(lines[0]["kind"], "bug");
}

#[test]
fn without_a_connection_every_request_is_disconnected_in_order() {
    let publish = |id: u32| {
        format!(
            "{{\"op\":\"publish\",\"id\":{id},\"exchange\":\"\",\"routing_key\":\"k\",\"message\":{MESSAGE}}}\n"
        )
    };
    let rest =
        ["get", "consume", "cancel"].map(|op| format!("{{\"op\":\"{op}\",\"id\":9,\"queue\":\"q\"}}\n"));
    let ack = "{\"op\":\"ack\",\"id\":3,\"delivery_tag\":1}\n";
    let (lines, _) = spoken(&format!("{}{}{ack}{}", publish(1), publish(2), rest.concat()));
    let ids: Vec<u64> = lines.iter().map(|line| line["id"].as_u64().expect("a reply has an id")).collect();
    assert_eq!(ids, [1, 2, 3, 9, 9, 9]);
    assert!(lines.iter().all(|line| line["kind"] == "disconnected"), "{lines:?}");
}

/// Requests of which each must be refused by the name that `describe` declares.
fn unsupported(name: &str) -> Option<String> {
    let octets = json!({"base64": "/w=="});
    let publish = |fields: Json, message: Json| {
        let mut made =
            json!({"op": "publish", "id": 1, "exchange": "", "routing_key": "", "message": message});
        for (field, value) in fields.as_object().expect("fields are an object") {
            made[field] = value.clone();
        }
        made
    };
    let body = json!({"type": "inline", "value": ""});
    let headers = |pairs: Json| {
        let table = json!({"type": "table", "value": pairs});
        publish(json!({}), json!({"properties": {"headers": table}, "body": body}))
    };
    let plain = json!({"properties": {}, "body": body});
    let request = match name {
        "exchange:non-utf8" => publish(json!({"exchange": octets}), plain),
        "routing_key:non-utf8" => publish(json!({"routing_key": octets}), plain),
        "framing" => publish(json!({}), json!({"properties": {}, "body": body, "framing": {"frames": [1]}})),
        "shortstr:non-utf8" => {
            let text = json!({"type": "shortstr", "value": octets});
            publish(json!({}), json!({"properties": {"message_id": text}, "body": body}))
        }
        "key:non-utf8" => headers(json!([[octets, {"type": "void"}]])),
        "duplicate-keys" => headers(json!([["k", {"type": "void"}], ["k", {"type": "void"}]])),
        "range:decimal" => {
            headers(json!([["k", {"type": "decimal", "value": {"scale": "0", "unscaled": "-1"}}]]))
        }
        "type:longlong" => headers(json!([["k", {"type": "longlong", "value": "1"}]])),
        "type:unparsed" => headers(json!([["k", {"type": "unparsed", "tag": "VQ==", "rest": ""}]])),
        _ => return None,
    };
    Some(request.to_string())
}

#[test]
fn every_declared_name_is_an_answer() {
    let (lines, _) = spoken("{\"op\":\"describe\",\"id\":1}\n");
    let declared: BTreeSet<&str> =
        lines[0]["unsupported"].as_array().expect("a list").iter().filter_map(Json::as_str).collect();
    let mut without_request = BTreeSet::new();
    for name in declared {
        let Some(request) = unsupported(name) else {
            without_request.insert(name);
            continue;
        };
        let (lines, _) = spoken(&format!("{request}\n"));
        assert_eq!(
            (&lines[0]["kind"], &lines[0]["what"]),
            (&json!("unsupported"), &json!(name)),
            "{request}"
        );
    }
    // The order of keys is decided beforehand; a queue is named only where there is a connection.
    assert_eq!(without_request, BTreeSet::from(["key-order", "queue:non-utf8"]));
}

fn connected_to(url: &str) -> Json {
    let (mut lines, ended) = spoken(&format!("{{\"op\":\"connect\",\"id\":1,\"url\":\"{url}\"}}\n"));
    assert!(ended.is_ok());
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_broker_that_is_not_there_is_disconnected() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound");
    let line = connected_to(&format!("amqp://{nobody}/%2F"));
    assert_eq!((&line["kind"], &line["scope"]), (&json!("disconnected"), &json!("connection")), "{line}");
}

#[test]
fn a_url_that_the_library_will_not_have_is_refused_without_its_password() {
    let line = connected_to("http://user:secret@localhost/");
    assert_eq!(line["kind"], "refused", "{line}");
    assert!(!line["message"].as_str().expect("a message is text").contains("secret"), "{line}");
}

#[test]
fn a_pattern_is_held_against_its_digest() {
    let of = |sha256: &str| {
        let body = json!({"type": "pattern", "pattern": "ab", "length": 5, "sha256": sha256});
        let message = json!({"properties": {}, "body": body});
        let request =
            json!({"op": "publish", "id": 1, "exchange": "", "routing_key": "", "message": message});
        spoken(&format!("{request}\n")).0.remove(0)
    };
    assert_eq!(
        of("f9b8d87e305fcf0125d889e2e40ea64b446b4c09d9459358c7d64a4a2fefcabe")["kind"],
        "disconnected"
    );
    let wrong = of(&"0".repeat(64));
    assert_eq!(wrong["kind"], "bug", "{wrong}");
    assert!(wrong["message"].as_str().is_some_and(|text| text.contains("SHA-256")), "{wrong}");
}
