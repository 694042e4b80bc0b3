// Package protocol is the suite's peer protocol as Go types, and the loop that answers it. It knows nothing of
// any client library.
package protocol

import (
	"bytes"
	"encoding/json"
)

// Header is what every request has.
type Header struct {
	Op string `json:"op"`
	ID uint64 `json:"id"`
}

// Identity is the header itself.
func (h Header) Identity() Header { return h }

// Request is one line of a peer's input.
type Request interface{ Identity() Header }

// The requests, field by field as contract/schema has them.
type (
	Describe struct{ Header }

	Connect struct {
		Header
		URL string `json:"url"`
	}

	DeclareExchange struct {
		Header
		Name       Text       `json:"name"`
		Kind       string     `json:"kind"`
		Durable    bool       `json:"durable"`
		AutoDelete bool       `json:"auto_delete"`
		Passive    bool       `json:"passive"`
		Arguments  TypedValue `json:"arguments"`
	}

	DeclareQueue struct {
		Header
		Name       Text       `json:"name"`
		Durable    bool       `json:"durable"`
		Exclusive  bool       `json:"exclusive"`
		AutoDelete bool       `json:"auto_delete"`
		Passive    bool       `json:"passive"`
		Arguments  TypedValue `json:"arguments"`
		Defaults   bool       `json:"defaults"`
	}

	Bind struct {
		Header
		Queue      Text       `json:"queue"`
		Exchange   Text       `json:"exchange"`
		RoutingKey Text       `json:"routing_key"`
		Arguments  TypedValue `json:"arguments"`
	}

	Publish struct {
		Header
		Exchange   Text    `json:"exchange"`
		RoutingKey Text    `json:"routing_key"`
		Message    Message `json:"message"`
		Mandatory  bool    `json:"mandatory"`
		Confirm    bool    `json:"confirm"`
	}

	Consume struct {
		Header
		Queue     Text       `json:"queue"`
		Prefetch  int        `json:"prefetch"`
		NoAck     bool       `json:"no_ack"`
		Exclusive bool       `json:"exclusive"`
		Arguments TypedValue `json:"arguments"`
	}

	Cancel struct {
		Header
		Queue Text `json:"queue"`
	}

	Get struct {
		Header
		Queue Text `json:"queue"`
	}

	Ack struct {
		Header
		DeliveryTag uint64 `json:"delivery_tag"`
		Multiple    bool   `json:"multiple"`
	}

	// Nack and Reject put the message back unless Requeue says otherwise.
	Nack struct {
		Header
		DeliveryTag uint64 `json:"delivery_tag"`
		Multiple    bool   `json:"multiple"`
		Requeue     *bool  `json:"requeue"`
	}

	Reject struct {
		Header
		DeliveryTag uint64 `json:"delivery_tag"`
		Requeue     *bool  `json:"requeue"`
	}

	Close struct{ Header }
)

// Message is what a producer is asked to publish. A property that is absent is not in the map.
type Message struct {
	Properties map[string]TypedValue `json:"properties"`
	Body       Body                  `json:"body"`
	Framing    json.RawMessage       `json:"framing"`
}

// Body is a body as itself, as a pattern to repeat, or as its digest.
type Body struct {
	Type    string `json:"type"`
	Value   Text   `json:"value"`
	Native  string `json:"native"`
	Pattern Text   `json:"pattern"`
	Length  int    `json:"length"`
	SHA256  string `json:"sha256"`
}

var requestTypes = map[string]func() Request{
	"describe":         func() Request { return new(Describe) },
	"connect":          func() Request { return new(Connect) },
	"declare_exchange": func() Request { return new(DeclareExchange) },
	"declare_queue":    func() Request { return new(DeclareQueue) },
	"bind":             func() Request { return new(Bind) },
	"publish":          func() Request { return new(Publish) },
	"consume":          func() Request { return new(Consume) },
	"cancel":           func() Request { return new(Cancel) },
	"get":              func() Request { return new(Get) },
	"ack":              func() Request { return new(Ack) },
	"nack":             func() Request { return new(Nack) },
	"reject":           func() Request { return new(Reject) },
	"close":            func() Request { return new(Close) },
}

// decodeRequest reads a line of which the schema has said that it is the request op.
func decodeRequest(op string, line []byte) (Request, error) {
	decoded := requestTypes[op]()
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	return decoded, decoder.Decode(decoded)
}

// requestID is the id of a line that is otherwise wrong, 0 if it has none.
func requestID(line []byte) uint64 {
	var head struct {
		ID uint64 `json:"id"`
	}
	if json.Unmarshal(line, &head) != nil {
		return 0
	}
	return head.ID
}
