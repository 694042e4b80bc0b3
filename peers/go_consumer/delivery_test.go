package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"go_plumbing/fakebroker"
	"go_plumbing/protocol"
)

func handed(m message[amqp091.Table, any]) *delivery {
	return deliveryOf("q", m, nativeOf[amqp091.Table, amqp091.Decimal])
}

func TestEveryPropertyIsHandedOver(t *testing.T) {
	octets := "\xff\xf8" + "\x01a" + "\x01b" + "\x00\x00\x00\x03\x01kV" + "\x02" + "\xff" + "\x01c" + "\x01d" + "\x01e" + "\x01f" +
		"\x00\x00\x00\x00\x00\x00\x00\x00" + "\x01g" + "\x01h" + "\x01\xff"
	want := map[string]any{
		"headers":       map[string]any{"type": "native-map", "value": []any{[]any{"k", map[string]any{"type": "native-none"}}}},
		"timestamp":     map[string]any{"type": "native-time", "value": "0"},
		"app_id":        map[string]any{"type": "native-str", "value": map[string]any{"base64": "/w=="}},
		"delivery_mode": map[string]any{"type": "octet", "value": "2"},
		"priority":      map[string]any{"type": "octet", "value": "255"},
	}
	for name, value := range map[string]string{
		"content_type": "a", "content_encoding": "b", "correlation_id": "c", "reply_to": "d", "expiration": "e", "message_id": "f",
		"type": "g", "user_id": "h",
	} {
		want[name] = map[string]any{"type": "native-str", "value": value}
	}
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, _ told) {
		b.Offer("q", []byte(octets), nil)
		message, err := s.get("q")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, documentOf(t, message.Properties)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestAZeroValueIsAbsentButForEmptyHeadersAndTheEpoch(t *testing.T) {
	if got := handed(message[amqp091.Table, any]{}).Properties; len(got) != 0 {
		t.Errorf("got %v", got)
	}
	got := handed(message[amqp091.Table, any]{Headers: amqp091.Table{}, Timestamp: time.Unix(0, 0)}).Properties
	want := map[string]any{
		"headers":   map[string]any{"type": "native-map", "value": []any{}},
		"timestamp": map[string]any{"type": "native-time", "value": "0"},
	}
	if diff := cmp.Diff(want, documentOf(t, got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestABodyCrossesThePipeAsItselfUpToItsLimit(t *testing.T) {
	limit := strings.Repeat("a", 4096)
	for body, want := range map[string]any{
		"":     inlineBody{"inline", "", "bytes"},
		"\xff": inlineBody{"inline", "\xff", "bytes"},
		limit:  inlineBody{"inline", protocol.Text(limit), "bytes"},
		limit + "a": digestBody{
			"digest", 4097, "4e369b5618643c3abddd027b650bfa54810be3b418028a7c9d82299a59d008e8", "bytes",
		},
	} {
		t.Run(fmt.Sprint(len(body)), func(t *testing.T) {
			if diff := cmp.Diff(want, handed(message[amqp091.Table, any]{Body: []byte(body)}).Body); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
