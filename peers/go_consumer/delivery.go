package main

import (
	"crypto/sha256"
	"encoding/hex"

	"go_plumbing/protocol"
)

// inlineLimit is up to how many octets a body crosses the pipe as itself, not as its digest.
const inlineLimit = 4096

// delivery is the event of a message that the library handed over.
type delivery struct {
	Type        string            `json:"type"`
	Queue       protocol.Text     `json:"queue"`
	DeliveryTag uint64            `json:"delivery_tag"`
	Redelivered bool              `json:"redelivered"`
	Exchange    protocol.Text     `json:"exchange"`
	RoutingKey  protocol.Text     `json:"routing_key"`
	Properties  map[string]native `json:"properties"`
	Body        any               `json:"body"`
}

type inlineBody struct {
	Type   string        `json:"type"`
	Value  protocol.Text `json:"value"`
	Native string        `json:"native"`
}

type digestBody struct {
	Type   string `json:"type"`
	Length int    `json:"length"`
	SHA256 string `json:"sha256"`
	Native string `json:"native"`
}

// deliveryOf is the event of m. A field with its type's zero value is absent, which is all that an application
// can go by: "" and 0 are what the libraries leave in a field that was not on the wire. Headers that were there
// are never nil, and a time that was there is not the zero time.
func deliveryOf[Table ~map[string]any, Acknowledger any](
	queue string, m message[Table, Acknowledger], of func(any) native,
) *delivery {
	properties := map[string]native{}
	for name, text := range map[string]string{
		"content_type": m.ContentType, "content_encoding": m.ContentEncoding, "correlation_id": m.CorrelationId,
		"reply_to": m.ReplyTo, "expiration": m.Expiration, "message_id": m.MessageId, "type": m.Type,
		"user_id": m.UserId, "app_id": m.AppId,
	} {
		if text != "" {
			properties[name] = of(text)
		}
	}
	for name, octet := range map[string]uint8{"delivery_mode": m.DeliveryMode, "priority": m.Priority} {
		if octet != 0 {
			properties[name] = octetOf(octet)
		}
	}
	if m.Headers != nil {
		properties["headers"] = of(m.Headers)
	}
	if !m.Timestamp.IsZero() {
		properties["timestamp"] = of(m.Timestamp)
	}
	return &delivery{
		"delivery", protocol.Text(queue), m.DeliveryTag, m.Redelivered, protocol.Text(m.Exchange),
		protocol.Text(m.RoutingKey), properties, bodyOf(m.Body),
	}
}

func bodyOf(body []byte) any {
	const kind = "bytes"
	if len(body) <= inlineLimit {
		return inlineBody{"inline", protocol.Text(body), kind}
	}
	sum := sha256.Sum256(body)
	return digestBody{"digest", len(body), hex.EncodeToString(sum[:]), kind}
}
