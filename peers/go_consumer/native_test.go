package main

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"go_plumbing/fakebroker"

	"go_plumbing/peertest"
)

// vector is a field value and its octets, tag first.
type vector struct {
	Name  string
	Value typed
	Hex   string
}

type typed struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value,omitempty"`
}

// goKinds are the wire types that Go has no kind of its own for, and what they become. Of the others there is one
// for each.
var goKinds = map[string]string{
	"boolean": "native-bool", "longstr": "native-str", "binary": "native-bytes", "timestamp": "native-time",
	"void": "native-none", "array": "native-list", "table": "native-map",
}

// unreadable are the types at which a library loses its connection.
var unreadable = map[string][]string{
	"streadway":  {"uint8", "uint16", "uint32", "longlong", "unparsed"},
	"amqp091-go": {"longlong", "unparsed"},
}

// handedOver is what library makes of the value, as a plain JSON document; not ok if it cannot read it.
func handedOver(t *testing.T, library string, value typed) (document any, ok bool) {
	t.Helper()
	for _, name := range unreadable[library] {
		if strings.Contains(string(value.Value), `"type":"`+name) || value.Type == name {
			return nil, false
		}
	}
	switch value.Type {
	case "array", "table":
		return nested(t, library, value)
	case "void":
		return map[string]any{"type": "native-none"}, true
	}
	kind := value.Type
	if known, is := goKinds[kind]; is {
		kind = known
	}
	var content any
	if err := json.Unmarshal(value.Value, &content); err != nil {
		t.Fatal(err)
	}
	switch {
	case library == "streadway" && kind == "int8":
		kind, content = "uint8", modulo(content.(string), 8, false) // its one 8-bit type is Go's byte
	case kind == "native-time":
		content = modulo(content.(string), 64, true) // time.Time counts in an int64
	}
	return map[string]any{"type": kind, "value": content}, true
}

func nested(t *testing.T, library string, value typed) (any, bool) {
	var items []json.RawMessage
	if err := json.Unmarshal(value.Value, &items); err != nil {
		t.Fatal(err)
	}
	made := make([]any, len(items))
	for i, item := range items {
		var inner typed
		pair := [2]any{new(string), &inner}
		target := any(&inner)
		if value.Type == "table" {
			target = &pair
		}
		if err := json.Unmarshal(item, target); err != nil {
			t.Fatal(err)
		}
		document, ok := handedOver(t, library, inner)
		if !ok {
			return nil, false
		}
		if made[i] = document; value.Type == "table" {
			made[i] = []any{*pair[0].(*string), document}
		}
	}
	return map[string]any{"type": goKinds[value.Type], "value": made}, true
}

// modulo is the number of so many bits that has the same octets.
func modulo(number string, bits uint, signed bool) string {
	value, _ := new(big.Int).SetString(number, 10)
	span := new(big.Int).Lsh(big.NewInt(1), bits)
	value.Mod(value, span)
	if signed && value.Bit(int(bits)-1) == 1 {
		value.Sub(value, span)
	}
	return value.String()
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("../../contract/vectors/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	var found []vector
	if err := json.Unmarshal(text, &found); err != nil || len(found) == 0 {
		t.Fatalf("%d vectors, %v", len(found), err)
	}
	return found
}

// headersOf is a property list of the one header k, given by its octets.
func headersOf(t *testing.T, value string) []byte {
	t.Helper()
	octets, err := hex.DecodeString(strings.ReplaceAll(value, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	size := len(octets) + 2
	return append([]byte{0x20, 0, 0, 0, byte(size >> 8), byte(size), 1, 'k'}, octets...)
}

func TestEveryValueIsHandedOverAsTheGoValueThatTheLibraryMakesOfIt(t *testing.T) {
	for name, l := range libraries {
		for _, v := range vectors(t) {
			t.Run(name+"/"+v.Name, func(t *testing.T) {
				b := fakebroker.New(t)
				s, err := l.connect(b.URL(), make(told, 10).add)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				b.Offer("q", headersOf(t, v.Hex), nil)
				message, err := s.get("q")
				want, ok := handedOver(t, name, v.Value)
				if !ok {
					peertest.ExpectFailure(t, err, "disconnected", 0, "connection")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				headers := documentOf(t, message.Properties["headers"])
				if diff := cmp.Diff(map[string]any{"type": "native-map", "value": []any{[]any{"k", want}}}, headers); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

// documentOf is value after a journey through JSON.
func documentOf(t *testing.T, value any) any {
	t.Helper()
	line, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(line, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func TestAValueOfAKindThatNobodyKnowsIsNamedAndPrinted(t *testing.T) {
	got := documentOf(t, nativeOf[amqp091.Table, amqp091.Decimal](90*time.Second))
	if diff := cmp.Diff(map[string]any{"type": "native-other", "name": "time.Duration", "text": "1m30s"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
