package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// properties are those that both libraries have. Their zero values are absent on the wire, but for the time's,
// whose zero is not the epoch.
type properties struct {
	contentType, contentEncoding string
	headers                      map[string]any
	deliveryMode, priority       uint8
	correlationID, replyTo       string
	expiration, messageID, kind  string
	timestamp                    time.Time
	userID, appID                string
}

// property is a property of class basic: its name, and how it is put among the properties.
type property struct {
	name string
	set  func(*properties, client.Dialect, protocol.TypedValue) error
}

// propertyTable is in the order of the flag bits (AMQP 0-9-1, 1.8). cluster_id is in neither library.
var propertyTable = []property{
	{"content_type", short(func(p *properties) *string { return &p.contentType })},
	{"content_encoding", short(func(p *properties) *string { return &p.contentEncoding })},
	{"headers", setHeaders},
	{"delivery_mode", octet(func(p *properties) *uint8 { return &p.deliveryMode })},
	{"priority", octet(func(p *properties) *uint8 { return &p.priority })},
	{"correlation_id", short(func(p *properties) *string { return &p.correlationID })},
	{"reply_to", short(func(p *properties) *string { return &p.replyTo })},
	{"expiration", short(func(p *properties) *string { return &p.expiration })},
	{"message_id", short(func(p *properties) *string { return &p.messageID })},
	{"timestamp", setTimestamp},
	{"type", short(func(p *properties) *string { return &p.kind })},
	{"user_id", short(func(p *properties) *string { return &p.userID })},
	{"app_id", short(func(p *properties) *string { return &p.appID })},
	{"cluster_id", func(*properties, client.Dialect, protocol.TypedValue) error {
		return protocol.Unsupported("property:cluster_id")
	}},
}

// errZero is of a value that is present and that the library would leave out, because it is its zero value.
var errZero = errors.New("a present zero value")

// propertiesOf reads the properties that are present; the first, in wire order, that cannot be sent fails.
func propertiesOf(m protocol.Message, d client.Dialect) (properties, error) {
	var made properties
	if len(m.Framing) > 0 && !bytes.Equal(m.Framing, []byte("null")) {
		return made, protocol.Unsupported("framing")
	}
	for _, p := range propertyTable {
		value, present := m.Properties[p.name]
		if !present {
			continue
		}
		if err := p.set(&made, d, value); errors.Is(err, errZero) {
			return made, protocol.Unsupported(zeroName(value.Type, p.name))
		} else if err != nil {
			return made, fmt.Errorf("property %s: %w", p.name, err)
		}
	}
	return made, nil
}

// zeroName is how describe declares that a property's zero value cannot be sent as present.
func zeroName(kind, name string) string {
	if kind == "octet" {
		return "zero:" + name
	}
	return "empty:" + name
}

func short(place func(*properties) *string) func(*properties, client.Dialect, protocol.TypedValue) error {
	return func(p *properties, _ client.Dialect, value protocol.TypedValue) error {
		octets, err := client.Octets(value.Value)
		if err := wrongType(value, "shortstr", err); err != nil {
			return err
		}
		if octets == "" {
			return errZero
		}
		*place(p) = string(octets)
		return nil
	}
}

func octet(place func(*properties) *uint8) func(*properties, client.Dialect, protocol.TypedValue) error {
	return func(p *properties, d client.Dialect, value protocol.TypedValue) error {
		number, err := client.Unsigned[uint8](d, value.Value)
		if err := wrongType(value, "octet", err); err != nil {
			return err
		}
		if number.(uint8) == 0 {
			return errZero
		}
		*place(p) = number.(uint8)
		return nil
	}
}

func setHeaders(p *properties, d client.Dialect, value protocol.TypedValue) (err error) {
	p.headers, err = d.Fields(value.Value)
	if err := wrongType(value, "table", err); err != nil {
		return err
	}
	if len(p.headers) == 0 {
		return errZero
	}
	return nil
}

func setTimestamp(p *properties, d client.Dialect, value protocol.TypedValue) error {
	moment, err := client.ReadTime(d, value.Value)
	if err := wrongType(value, "timestamp", err); err != nil {
		return err
	}
	p.timestamp = moment.(time.Time)
	return nil
}

// wrongType prefers the complaint that the value is of another type over what came of reading it.
func wrongType(value protocol.TypedValue, want string, err error) error {
	if value.Type != want {
		return fmt.Errorf("it is a %s, not a %s", want, value.Type)
	}
	return err
}

// octetsOf is the body itself. A pattern is repeated, cut at its length, and checked against its SHA-256.
func octetsOf(b protocol.Body) ([]byte, error) {
	switch b.Type {
	case "inline":
		return []byte(b.Value), nil
	case "pattern":
		return repeated(b)
	default:
		return nil, fmt.Errorf("a body given as %s cannot be made", b.Type)
	}
}

func repeated(b protocol.Body) ([]byte, error) {
	if b.Pattern == "" && b.Length > 0 {
		return nil, errors.New("an empty pattern cannot fill a body")
	}
	made := make([]byte, b.Length)
	for filled := copy(made, b.Pattern); filled < b.Length; filled *= 2 {
		copy(made[filled:], made[:filled])
	}
	if sum := sha256.Sum256(made); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, fmt.Errorf("the pattern makes a body of SHA-256 %x, not %s", sum, b.SHA256)
	}
	return made, nil
}
