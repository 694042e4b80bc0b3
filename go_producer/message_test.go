package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go_plumbing/client"
	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

func messageOf(t testing.TB, propertiesJSON string) protocol.Message {
	t.Helper()
	var m protocol.Message
	if err := json.Unmarshal([]byte(`{"properties":{`+propertiesJSON+`},"body":{"type":"inline","value":"x"}}`), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

const allProperties = `
	"content_type":{"type":"shortstr","value":"a"}, "content_encoding":{"type":"shortstr","value":"b"},
	"headers":{"type":"table","value":[["k",{"type":"void"}]]},
	"delivery_mode":{"type":"octet","value":"2"}, "priority":{"type":"octet","value":"255"},
	"correlation_id":{"type":"shortstr","value":"c"}, "reply_to":{"type":"shortstr","value":"d"},
	"expiration":{"type":"shortstr","value":"e"}, "message_id":{"type":"shortstr","value":"f"},
	"timestamp":{"type":"timestamp","value":"0"}, "type":{"type":"shortstr","value":"g"},
	"user_id":{"type":"shortstr","value":"h"}, "app_id":{"type":"shortstr","value":{"base64":"/w=="}}`

func TestEveryPropertyReachesItsPlaceOnTheWire(t *testing.T) {
	const want = "fff8" + "0161" + "0162" + "00000003016b56" + "02" + "ff" + "0163" + "0164" + "0165" + "0166" +
		"0000000000000000" + "0167" + "0168" + "01ff"
	for _, l := range libraries {
		t.Run(l.Name, func(t *testing.T) {
			broker := fakebroker.New(t)
			s, err := l.connect(broker.URL(), func(protocol.Closed) {})
			if err != nil {
				t.Fatal(err)
			}
			made, err := propertiesOf(messageOf(t, allProperties), l.Dialect)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.confirm(publication{properties: made, body: []byte("x")}); err != nil {
				t.Fatal(err)
			}
			const lead = 2 + 2 + 8 // class, weight, body size
			if got := hex.EncodeToString(broker.LastHeader()[lead:]); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnAbsentPropertyIsTheZeroValue(t *testing.T) {
	got, err := propertiesOf(messageOf(t, ``), libraries["streadway"].Dialect)
	if err != nil || !got.timestamp.IsZero() || got.headers != nil || got.contentType != "" || got.priority != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheEpochIsAPresentTimestamp(t *testing.T) {
	m := messageOf(t, `"timestamp":{"type":"timestamp","value":"0"}`)
	got, err := propertiesOf(m, libraries["streadway"].Dialect)
	if err != nil || got.timestamp.IsZero() || !got.timestamp.Equal(time.Unix(0, 0)) {
		t.Errorf("got %v, %v", got.timestamp, err)
	}
}

func TestAPropertyOfAnotherTypeIsTheRequestsFault(t *testing.T) {
	for name, property := range map[string]string{
		"a number for a short string": `"app_id":{"type":"octet","value":"1"}`,
		"a longstr for a shortstr":    `"app_id":{"type":"longstr","value":"x"}`,
		"text for an octet":           `"priority":{"type":"shortstr","value":"1"}`,
		"an int for the time":         `"timestamp":{"type":"int64","value":"1"}`,
		"an array for the headers":    `"headers":{"type":"array","value":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := propertiesOf(messageOf(t, property), libraries["streadway"].Dialect)
			if reply := protocol.FailedReply(1, err); reply.Kind != "bug" || !strings.Contains(reply.Message, "it is a") {
				t.Errorf("got %+v", reply)
			}
		})
	}
}

func TestABodyIsMadeAndChecked(t *testing.T) {
	for name, c := range map[string]struct{ json, want, fault string }{
		"inline":            {`{"type":"inline","value":"hé"}`, "hé", ""},
		"inline bytes":      {`{"type":"inline","value":{"base64":"AP8="}}`, "\x00\xff", ""},
		"pattern":           {`{"type":"pattern","pattern":"ab","length":5,` + sha256Of("ababa") + `}`, "ababa", ""},
		"pattern, cut":      {`{"type":"pattern","pattern":"abc","length":2,` + sha256Of("ab") + `}`, "ab", ""},
		"pattern, nothing":  {`{"type":"pattern","pattern":"","length":0,` + sha256Of("") + `}`, "", ""},
		"wrong digest":      {`{"type":"pattern","pattern":"abc","length":5,` + sha256Of("abcba") + `}`, "", "SHA-256"},
		"nothing to repeat": {`{"type":"pattern","pattern":"","length":1,` + sha256Of("a") + `}`, "", "empty pattern"},
		"a digest alone":    {`{"type":"digest","length":1,` + sha256Of("a") + `}`, "", "cannot be made"},
	} {
		t.Run(name, func(t *testing.T) {
			var b protocol.Body
			if err := json.Unmarshal([]byte(c.json), &b); err != nil {
				t.Fatal(err)
			}
			got, err := octetsOf(b)
			if c.fault == "" && (err != nil || string(got) != c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("got %v, want %q", err, c.fault)
			}
		})
	}
}

func sha256Of(text string) string { return fmt.Sprintf(`"sha256":"%x"`, sha256.Sum256([]byte(text))) }

// trigger is a request that must be answered with the declared name; "" for a name that it does not know.
func trigger(name string) string {
	kind, rest, _ := strings.Cut(name, ":")
	header := func(value string) string {
		return publishOf(`"properties":{"headers":{"type":"table","value":[` + value + `]}},"body":{"type":"inline","value":"x"}`)
	}
	property := func(value string) string {
		return publishOf(`"properties":{"` + rest + `":` + value + `},"body":{"type":"inline","value":"x"}`)
	}
	switch {
	case name == "role:consumer":
		return `{"op":"consume","id":5,"queue":"q"}`
	case name == "framing":
		return publishOf(`"properties":{},"body":{"type":"inline","value":"x"},"framing":{"frames":[1]}`)
	case name == "declare_queue:defaults":
		return `{"op":"declare_queue","id":5,"name":"q","defaults":true}`
	case name == "duplicate-keys":
		return header(`["k",{"type":"void"}],["k",{"type":"void"}]`)
	case name == "range:timestamp":
		return header(`["k",{"type":"timestamp","value":"9223372036854775808"}]`)
	case name == "type:unparsed":
		return header(`["k",{"type":"unparsed","tag":"VQ==","rest":""}]`)
	case kind == "type":
		return header(`["k",{"type":"` + rest + `","value":"1"}]`)
	case name == "empty:headers":
		return header(``)
	case kind == "empty":
		return property(`{"type":"shortstr","value":""}`)
	case kind == "zero":
		return property(`{"type":"octet","value":"0"}`)
	case kind == "property":
		return property(`{"type":"shortstr","value":"x"}`)
	}
	return ""
}

func TestEveryDeclaredNameIsReallyRefused(t *testing.T) {
	c := peertest.Contract(t)
	for _, l := range libraries {
		account, err := l.describe(1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(account.Unsupported, "key-order") {
			t.Error("key-order is not declared")
		}
		for _, name := range account.Unsupported {
			if name == "key-order" {
				continue // declared only: no request says that the order matters
			}
			t.Run(l.Name+"/"+name, func(t *testing.T) {
				a := protocol.Decode(c, []byte(trigger(name)))
				if a.Err != nil {
					t.Fatal(a.Err)
				}
				_, _, err := newPeer(l, nil).Meet(a.Request)
				if got := new(protocol.Failure); !errors.As(err, &got) || got.Kind != "unsupported" || got.What != name {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestEveryDeclaredTypeIsReallySent(t *testing.T) {
	for _, l := range libraries {
		s, err := l.connect(fakebroker.New(t).URL(), func(protocol.Closed) {})
		if err != nil {
			t.Fatal(err)
		}
		taken, missing := l.Dialect.Types()
		if len(taken)+len(missing) != len(client.FieldTypes) {
			t.Errorf("%d types and %d missing are not %d", len(taken), len(missing), len(client.FieldTypes))
		}
		for _, field := range client.FieldTypes {
			if !slices.Contains(taken, field.Name) {
				continue
			}
			t.Run(l.Name+"/"+field.Name, func(t *testing.T) {
				value, err := l.Dialect.Field(protocol.TypedValue{Type: field.Name, Value: json.RawMessage(field.Sample)})
				if err != nil {
					t.Fatal(err)
				}
				got, err := s.confirm(publication{properties: properties{headers: map[string]any{"k": value}}})
				if err != nil || !got.acked {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheTimestampPropertyHasTheRangeOfAHeader(t *testing.T) {
	m := messageOf(t, `"timestamp":{"type":"timestamp","value":"9223372036854775808"}`)
	_, err := propertiesOf(m, libraries["amqp091-go"].Dialect)
	if got := protocol.FailedReply(1, err); got.What != "range:timestamp" {
		t.Errorf("got %+v", got)
	}
}
