package main

import (
	"io"
	"testing"
)

// The typical message of a case: four properties, one of them three headers.
const typicalPublish = `{"op":"publish","id":12,"exchange":"x-0123456789ab","routing_key":"r.12345","message":{` +
	`"properties":{"content_type":{"type":"shortstr","value":"text/plain"},"delivery_mode":{"type":"octet","value":"2"},` +
	`"headers":{"type":"table","value":[["a",{"type":"longstr","value":"x"}],` +
	`["b",{"type":"int64","value":"-9223372036854775808"}],["c",{"type":"boolean","value":"true"}]]},` +
	`"message_id":{"type":"shortstr","value":"m-1"}},"body":{"type":"inline","value":"LA DEE DA"}}}` + "\n"

func BenchmarkDecodeRequest(b *testing.B) {
	c := testContract(b)
	b.ReportAllocs()
	for b.Loop() {
		if a := decodeArrival(c, []byte(typicalPublish)); a.err != nil {
			b.Fatal(a.err)
		}
	}
}

func BenchmarkConvertMessage(b *testing.B) {
	a := decodeArrival(testContract(b), []byte(typicalPublish))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.request.(*publish).Message.propertiesOf(libraries["streadway"].dialect); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteReply(b *testing.B) {
	out := newOutput(testContract(b), io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		if err := out.write(reply{"ok", 12}); err != nil {
			b.Fatal(err)
		}
	}
}
