//! The peer with a connection: what the library tells, and when, becomes lines of the protocol in order.

mod common;

use std::io::{BufRead, BufReader, PipeWriter, Write, pipe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rust_peer::peer;
use serde_json::{Value as Json, json};

use common::broker::{self, Answer, Asked, close, deliver, header, method, short};

const PATIENCE: Duration = Duration::from_secs(20);
const DECLARE: (u16, u16) = (50, 10);
const CONSUME: (u16, u16) = (60, 20);
const CANCEL: (u16, u16) = (60, 30);
const PUBLISH: (u16, u16) = (60, 40);
const GET: (u16, u16) = (60, 70);
const CONFIRM: (u16, u16) = (85, 10);
const HEADERS: u16 = 1 << 13;
const MESSAGE_ID: u16 = 1 << 7;

/// A peer that is spoken to line by line.
struct Dialogue {
    input: PipeWriter,
    lines: Receiver<Json>,
    id: u64,
}

impl Dialogue {
    /// With a connection to a broker of that script.
    fn start(script: impl FnMut(Asked<'_>) -> Answer + Send + 'static) -> Dialogue {
        let (from, input) = pipe().expect("there are pipes");
        let (output, to) = pipe().expect("there are pipes");
        thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
            let served = runtime.block_on(peer::serve(from, to));
            runtime.shutdown_background();
            served
        });
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let line = line.expect("the pipe is whole");
                let parsed = serde_json::from_str(&line).expect("a line is JSON");
                if sender.send(parsed).is_err() {
                    return;
                }
            }
        });
        let mut made = Dialogue { input, lines, id: 0 };
        made.ask("connect", json!({"url": broker::start(script)}));
        assert_eq!(made.next(), json!({"type": "ok", "id": 1}));
        made
    }

    fn ask(&mut self, op: &str, mut request: Json) {
        self.id += 1;
        request["op"] = op.into();
        request["id"] = self.id.into();
        writeln!(self.input, "{request}").expect("the peer reads");
    }

    fn next(&self) -> Json {
        self.lines.recv_timeout(PATIENCE).expect("there is another line")
    }

    /// Close it; nothing but the reply may come.
    fn end(mut self) {
        self.ask("close", json!({}));
        assert_eq!(self.next(), json!({"type": "ok", "id": self.id}));
        let after = self.lines.recv_timeout(PATIENCE);
        assert!(after.is_err(), "{after:?}");
    }
}

fn frames(frames: impl IntoIterator<Item = Vec<u8>>) -> Answer {
    Answer::Frames(frames.into_iter().collect())
}

/// consume-ok, and what comes right behind it.
fn consuming(then: Vec<Vec<u8>>) -> impl FnMut(Asked<'_>) -> Answer + Send {
    move |(id, _)| match id {
        CONSUME => frames([method((60, 21), &[&short("tag")])].into_iter().chain(then.clone())),
        _ => frames([]),
    }
}

fn message(body: &str) -> Json {
    json!({"properties": {}, "body": {"type": "inline", "value": body}})
}

fn publish(dialogue: &mut Dialogue, key: &str, confirm: bool) {
    let mut request = json!({"exchange": "", "routing_key": key, "message": message("x"), "mandatory": true});
    request["confirm"] = confirm.into();
    dialogue.ask("publish", request);
}

#[test]
fn a_delivery_comes_after_the_ok_of_its_consumer_with_its_properties_as_they_were() {
    let table = [0, 0, 0, 4, 1, b'k', b'B', 200];
    let mut peer = Dialogue::start(consuming(deliver("tag", 7, HEADERS, &table)));
    peer.ask("consume", json!({"queue": "q"}));
    assert_eq!(peer.next(), json!({"type": "ok", "id": 2}));
    assert_eq!(
        peer.next(),
        json!({
            "type": "delivery", "queue": "q", "delivery_tag": 7, "redelivered": true,
            "exchange": "x", "routing_key": "key",
            "properties": {"headers": {"type": "table", "value": [["k", {"type": "uint8", "value": "200"}]]}},
            "body": {"type": "inline", "value": "b", "native": "bytes"},
        })
    );
    peer.end();
}

#[test]
fn no_delivery_comes_after_the_ok_of_a_cancel() {
    let mut peer = Dialogue::start(|(id, _)| match id {
        CONSUME => frames([method((60, 21), &[&short("tag")])]),
        CANCEL => {
            let late = deliver("tag", 1, 0, &[]);
            frames(late.into_iter().chain([method((60, 31), &[&short("tag")])]))
        }
        _ => frames([]),
    });
    peer.ask("consume", json!({"queue": "q"}));
    peer.next();
    peer.ask("cancel", json!({"queue": "q"}));
    assert_eq!(peer.next()["type"], "delivery");
    assert_eq!(peer.next(), json!({"type": "ok", "id": 3}));
    peer.ask("cancel", json!({"queue": "q"}));
    assert_eq!(peer.next()["kind"], "bug");
    peer.end();
}

#[test]
fn a_consumer_that_the_broker_cancels_is_told() {
    let mut peer = Dialogue::start(consuming(vec![method(CANCEL, &[&short("tag"), &[1]])]));
    peer.ask("consume", json!({"queue": "q"}));
    assert_eq!(peer.next(), json!({"type": "ok", "id": 2}));
    assert_eq!(peer.next(), json!({"type": "cancelled", "queue": "q"}));
    peer.end();
}

#[test]
fn a_message_that_cannot_be_parsed_is_undecodable_and_ends_the_connection() {
    let mut peer = Dialogue::start(consuming(deliver("tag", 1, MESSAGE_ID, &[1, 0xff])));
    peer.ask("consume", json!({"queue": "q"}));
    peer.next();
    let undecodable = peer.next();
    assert_eq!((&undecodable["type"], &undecodable["queue"]), (&json!("undecodable"), &json!("q")));
    let closed = peer.next();
    assert_eq!((&closed["type"], &closed["scope"]), (&json!("closed"), &json!("connection")));
    peer.ask("get", json!({"queue": "q"}));
    assert_eq!(peer.next()["kind"], "disconnected");
    peer.end();
}

#[test]
fn of_two_queues_none_is_blamed_for_what_cannot_be_parsed() {
    let mut asked = 0;
    let mut peer = Dialogue::start(move |(id, _)| match (id, asked) {
        (CONSUME, 0) => {
            asked = 1;
            frames([method((60, 21), &[&short("one")])])
        }
        (CONSUME, _) => {
            let poison = deliver("two", 1, MESSAGE_ID, &[1, 0xff]);
            frames([method((60, 21), &[&short("two")])].into_iter().chain(poison))
        }
        _ => frames([]),
    });
    peer.ask("consume", json!({"queue": "a"}));
    peer.ask("consume", json!({"queue": "b"}));
    let kinds: Vec<Json> = (0..3).map(|_| peer.next()["type"].clone()).collect();
    assert_eq!(kinds, ["ok", "ok", "closed"]);
    peer.end();
}

#[test]
fn a_refused_declaration_is_the_channels_close_with_its_code() {
    let mut peer = Dialogue::start(|(id, _)| match id {
        DECLARE => frames([close(1, 404, "no queue")]),
        _ => frames([]),
    });
    peer.ask("declare_queue", json!({"name": "q", "passive": true}));
    let closed = json!({"type": "closed", "scope": "channel", "message": "no queue", "code": 404});
    assert_eq!(peer.next(), closed);
    let failed = json!({"kind": "disconnected", "scope": "channel", "message": "no queue", "code": 404});
    for id in [2, 3] {
        let mut expected = failed.clone();
        expected["type"] = "error".into();
        expected["id"] = id.into();
        assert_eq!(peer.next(), expected);
        if id == 2 {
            publish(&mut peer, "k", false);
        }
    }
    peer.end();
}

#[test]
fn a_close_of_the_connection_is_told_though_nobody_asked() {
    let mut peer = Dialogue::start(|(id, _)| match id {
        PUBLISH => frames([close(0, 541, "internal")]),
        _ => frames([]),
    });
    publish(&mut peer, "k", false);
    let mut got = [peer.next(), peer.next()];
    got.sort_by_key(|line| line["type"].to_string());
    assert_eq!(got[0], json!({"type": "closed", "scope": "connection", "message": "internal", "code": 541}));
    assert_eq!(got[1]["id"], 2);
    peer.end();
}

#[test]
fn a_socket_that_ends_is_a_close_without_a_code() {
    let mut peer = Dialogue::start(|(id, _)| if id == GET { Answer::Drop } else { frames([]) });
    peer.ask("get", json!({"queue": "q"}));
    let closed = peer.next();
    assert_eq!((&closed["type"], &closed["scope"]), (&json!("closed"), &json!("connection")), "{closed}");
    assert!(closed.get("code").is_none(), "{closed}");
    assert_eq!(peer.next()["kind"], "disconnected");
    peer.end();
}

#[test]
fn publishes_reach_the_broker_in_order_and_are_answered_in_order() {
    let (sender, seen): (Sender<Vec<u8>>, Receiver<Vec<u8>>) = channel();
    let mut peer = Dialogue::start(move |(id, arguments)| {
        if id == PUBLISH {
            sender.send(arguments.to_vec()).expect("the test listens");
        }
        frames([])
    });
    let keys: Vec<String> = (0..600).map(|number| number.to_string()).collect();
    for key in &keys {
        publish(&mut peer, key, false);
    }
    for (key, id) in keys.iter().zip(2..) {
        assert_eq!(peer.next(), json!({"type": "ok", "id": id}));
        let arguments = seen.recv_timeout(PATIENCE).expect("it was published");
        let expected = [&[0, 0, 0][..], &short(key), &[1]].concat();
        assert_eq!(arguments, expected, "{key}");
    }
    peer.end();
}

#[test]
fn the_brokers_word_is_the_reply_to_a_confirmed_publish() {
    let mut count: u64 = 0;
    let mut peer = Dialogue::start(move |(id, _)| match id {
        CONFIRM => frames([method((85, 11), &[])]),
        PUBLISH => {
            count += 1;
            let tag = count.to_be_bytes();
            let returned = [&312_u16.to_be_bytes()[..], &short("NO_ROUTE"), &short(""), &short("k")];
            match count {
                1 => frames([method((60, 80), &[&tag, &[0]])]),
                2 => frames([method((60, 120), &[&tag, &[0]])]),
                _ => {
                    frames([method((60, 50), &returned), header(0, 0, &[]), method((60, 80), &[&tag, &[0]])])
                }
            }
        }
        _ => frames([]),
    });
    for _ in 0..3 {
        publish(&mut peer, "k", true);
    }
    assert_eq!(peer.next(), json!({"type": "confirmed", "id": 2}));
    assert_eq!(peer.next(), json!({"type": "nacked", "id": 3}));
    assert_eq!(peer.next(), json!({"type": "returned", "id": 4, "code": 312, "text": "NO_ROUTE"}));
    peer.end();
}

#[test]
fn a_get_is_empty_or_ok_and_one_delivery() {
    let mut first = true;
    let mut peer = Dialogue::start(move |(id, _)| match id {
        GET if first => {
            first = false;
            frames([method((60, 72), &[&short("")])])
        }
        GET => frames([
            method((60, 71), &[&3_u64.to_be_bytes(), &[0], &short(""), &short("q"), &[0; 4]]),
            header(0, 0, &[]),
        ]),
        _ => frames([]),
    });
    peer.ask("get", json!({"queue": "q"}));
    assert_eq!(peer.next(), json!({"type": "empty", "id": 2}));
    peer.ask("get", json!({"queue": "q"}));
    assert_eq!(peer.next(), json!({"type": "ok", "id": 3}));
    let delivery = peer.next();
    assert_eq!((&delivery["delivery_tag"], &delivery["queue"]), (&json!(3), &json!("q")), "{delivery}");
    peer.end();
}

#[test]
fn a_message_that_is_got_and_cannot_be_parsed_is_undecodable() {
    let mut peer = Dialogue::start(|(id, _)| match id {
        GET => frames([
            method((60, 71), &[&[0, 0, 0, 0, 0, 0, 0, 1], &[0], &short(""), &short("q"), &[0; 4]]),
            header(0, MESSAGE_ID, &[1, 0xff]),
        ]),
        _ => frames([]),
    });
    peer.ask("get", json!({"queue": "q"}));
    let kinds: Vec<Json> = (0..3).map(|_| peer.next()["type"].clone()).collect();
    assert_eq!(kinds, ["undecodable", "closed", "error"]);
    peer.end();
}

#[test]
fn a_queue_that_is_no_text_is_declared_as_unsupported() {
    let mut peer = Dialogue::start(|_| frames([]));
    for (op, field) in [("declare_queue", "name"), ("consume", "queue"), ("get", "queue")] {
        let mut request = json!({});
        request[field] = json!({"base64": "/w=="});
        peer.ask(op, request);
        assert_eq!(peer.next()["what"], "queue:non-utf8", "{op}");
    }
    peer.end();
}

#[test]
fn the_end_of_the_input_closes_the_connection() {
    let (sender, seen) = channel();
    let peer = Dialogue::start(move |(id, _)| {
        sender.send(id).expect("the test listens");
        frames([])
    });
    let Dialogue { input, lines, .. } = peer;
    drop(input);
    assert!(lines.recv_timeout(PATIENCE).is_err());
    assert!(seen.recv_timeout(PATIENCE).is_err(), "the script sees no method but those of opening and close");
}
