package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The messages of the peer protocol as Go types: what contract/schema says, for the role of a producer.

// header is what every request has.
type header struct {
	Op string `json:"op"`
	ID uint64 `json:"id"`
}

func (h header) identity() header { return h }

type request interface{ identity() header }

type (
	describe struct{ header }

	connect struct {
		header
		URL string `json:"url"`
	}

	declareExchange struct {
		header
		Name       text       `json:"name"`
		Kind       string     `json:"kind"`
		Durable    bool       `json:"durable"`
		AutoDelete bool       `json:"auto_delete"`
		Passive    bool       `json:"passive"`
		Arguments  typedValue `json:"arguments"`
	}

	declareQueue struct {
		header
		Name       text       `json:"name"`
		Durable    bool       `json:"durable"`
		Exclusive  bool       `json:"exclusive"`
		AutoDelete bool       `json:"auto_delete"`
		Passive    bool       `json:"passive"`
		Arguments  typedValue `json:"arguments"`
	}

	bind struct {
		header
		Queue      text       `json:"queue"`
		Exchange   text       `json:"exchange"`
		RoutingKey text       `json:"routing_key"`
		Arguments  typedValue `json:"arguments"`
	}

	publish struct {
		header
		Exchange   text    `json:"exchange"`
		RoutingKey text    `json:"routing_key"`
		Message    message `json:"message"`
		Mandatory  bool    `json:"mandatory"`
		Confirm    bool    `json:"confirm"`
	}

	closing struct{ header }

	// consumerRequest is any request that only a consumer can meet; its other fields are not read.
	consumerRequest struct{ header }
)

var requestTypes = map[string]func() request{
	"describe":         func() request { return new(describe) },
	"connect":          func() request { return new(connect) },
	"declare_exchange": func() request { return new(declareExchange) },
	"declare_queue":    func() request { return new(declareQueue) },
	"bind":             func() request { return new(bind) },
	"publish":          func() request { return new(publish) },
	"close":            func() request { return new(closing) },
}

// decodeRequest reads a line of which the schema has said that it is the request op.
func decodeRequest(op string, line []byte) (request, error) {
	made, known := requestTypes[op]
	if !known {
		var r consumerRequest
		return &r, json.Unmarshal(line, &r)
	}
	decoded := made()
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

// reply is an answer that needs no further word: ok, confirmed, nacked.
type reply struct {
	Type string `json:"type"`
	ID   uint64 `json:"id"`
}

type described struct {
	reply
	Library     string   `json:"library"`
	Version     string   `json:"version"`
	Language    string   `json:"language"`
	Runtime     string   `json:"runtime"`
	Roles       []string `json:"roles"`
	Types       []string `json:"types"`
	Unsupported []string `json:"unsupported"`
}

type returned struct {
	reply
	Code uint16 `json:"code"`
	Text text   `json:"text"`
}

// failed is the error reply. What, code and scope are left out where there are none.
type failed struct {
	reply
	Kind    string `json:"kind"`
	Message string `json:"message"`
	What    string `json:"what,omitempty"`
	Code    int    `json:"code,omitempty"`
	Scope   string `json:"scope,omitempty"`
}

// closedEvent says that a channel or connection was closed and that this peer had not asked for it.
type closedEvent struct {
	Type    string `json:"type"`
	Scope   string `json:"scope"`
	Message string `json:"message"`
	Code    int    `json:"code,omitempty"`
}

// text is octets: in JSON a string if they are UTF-8, else {"base64": ...}.
type text string

type base64Text struct {
	Base64 string `json:"base64"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(t))
	}
	var encoded base64Text
	if err := json.Unmarshal(raw, &encoded); err != nil {
		return err
	}
	octets, err := base64.StdEncoding.Strict().DecodeString(encoded.Base64)
	if err != nil {
		return fmt.Errorf("%q is not base64", encoded.Base64)
	}
	*t = text(octets)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(base64Text{base64.StdEncoding.EncodeToString([]byte(t))})
}

// failure is an error that knows its kind in the protocol: unsupported, refused, disconnected or bug.
type failure struct {
	kind, message string
	what          string
	code          int
	scope         string
}

func (f *failure) Error() string { return f.kind + ": " + f.message }

// unsupported says that the library cannot express something; what is the name that describe declares.
func unsupported(what string) *failure {
	return &failure{kind: "unsupported", what: what, message: "declared as unsupported: " + what}
}

// failedReply is the error reply for any error; one that knows no kind is the adapter's own.
func failedReply(id uint64, err error) failed {
	known := new(failure)
	if !errors.As(err, &known) {
		known = &failure{kind: "bug", message: err.Error()}
	}
	return failed{
		reply{"error", id}, known.kind, known.message, known.what, known.code, known.scope,
	}
}
