package main

import (
	"io"
	"testing"

	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// The typical message of a case: four properties, one of them three headers.
const typicalPublish = `{"op":"publish","id":12,"exchange":"x-0123456789ab","routing_key":"r.12345","message":{` +
	`"properties":{"content_type":{"type":"shortstr","value":"text/plain"},"delivery_mode":{"type":"octet","value":"2"},` +
	`"headers":{"type":"table","value":[["a",{"type":"longstr","value":"x"}],` +
	`["b",{"type":"int64","value":"-9223372036854775808"}],["c",{"type":"boolean","value":"true"}]]},` +
	`"message_id":{"type":"shortstr","value":"m-1"}},"body":{"type":"inline","value":"LA DEE DA"}}}` + "\n"

func BenchmarkDecodeRequest(b *testing.B) {
	c := peertest.Contract(b)
	b.ReportAllocs()
	for b.Loop() {
		if a := protocol.Decode(c, []byte(typicalPublish)); a.Err != nil {
			b.Fatal(a.Err)
		}
	}
}

func BenchmarkConvertMessage(b *testing.B) {
	a := protocol.Decode(peertest.Contract(b), []byte(typicalPublish))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := propertiesOf(a.Request.(*protocol.Publish).Message, libraries["streadway"].Dialect); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteReply(b *testing.B) {
	out := protocol.NewOutput(peertest.Contract(b), io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		if err := out.Write(protocol.Reply{Type: "ok", ID: 12}); err != nil {
			b.Fatal(err)
		}
	}
}

func publishOf(message string) string {
	return `{"op":"publish","id":5,"exchange":"","routing_key":"","message":{` + message + `}}`
}
