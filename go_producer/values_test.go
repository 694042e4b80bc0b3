package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"
	"github.com/streadway/amqp"

	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

func valueOf(t testing.TB, text string) protocol.TypedValue {
	t.Helper()
	var value protocol.TypedValue
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// conversions are typed values with the Go value and the octets on the wire (tag and value) that they must
// become. Where streadway/amqp writes other octets, or has no such type, its column says so.
var conversions = map[string]struct {
	json      string
	want      any
	wire      string
	streadway string
}{
	"true":             {`{"type":"boolean","value":"true"}`, true, "7401", ""},
	"false":            {`{"type":"boolean","value":"false"}`, false, "7400", ""},
	"int8 min":         {`{"type":"int8","value":"-128"}`, int8(-128), "6280", "unsupported"},
	"uint8 200":        {`{"type":"uint8","value":"200"}`, uint8(200), "42c8", "62c8"}, // tag b: reads as -56
	"int16 min":        {`{"type":"int16","value":"-32768"}`, int16(math.MinInt16), "738000", ""},
	"uint16 max":       {`{"type":"uint16","value":"65535"}`, uint16(65535), "75ffff", "unsupported"},
	"int32 -1":         {`{"type":"int32","value":"-1"}`, int32(-1), "49ffffffff", ""},
	"uint32 max":       {`{"type":"uint32","value":"4294967295"}`, uint32(math.MaxUint32), "69ffffffff", "unsupported"},
	"int64 min":        {`{"type":"int64","value":"-9223372036854775808"}`, int64(math.MinInt64), "6c8000000000000000", ""},
	"float":            {`{"type":"float","value":"4048f5c3"}`, float32(3.14), "664048f5c3", ""},
	"minus zero":       {`{"type":"double","value":"8000000000000000"}`, math.Copysign(0, -1), "648000000000000000", ""},
	"longstr":          {`{"type":"longstr","value":"é"}`, "é", "5300000002c3a9", ""},
	"longstr of bytes": {`{"type":"longstr","value":{"base64":"/w=="}}`, "\xff", "5300000001ff", ""},
	"binary":           {`{"type":"binary","value":{"base64":"AP8="}}`, []byte{0, 255}, "780000000200ff", ""},
	"empty binary":     {`{"type":"binary","value":""}`, []byte{}, "7800000000", ""},
	"epoch":            {`{"type":"timestamp","value":"0"}`, time.Unix(0, 0).UTC(), "540000000000000000", ""},
	"latest":           {`{"type":"timestamp","value":"9223372036854775807"}`, time.Unix(math.MaxInt64, 0).UTC(), "547fffffffffffffff", ""},
	"void":             {`{"type":"void"}`, nil, "56", ""},
	"array": {
		`{"type":"array","value":[{"type":"void"},{"type":"array","value":[]}]}`,
		[]any{nil, []any{}}, "410000000656" + "4100000000", "",
	},
}

func TestATypedValueBecomesTheGoValueThatMeansTheSame(t *testing.T) {
	for name, c := range conversions {
		for _, l := range libraries {
			t.Run(name+"/"+l.Name, func(t *testing.T) {
				got, err := l.Dialect.Field(valueOf(t, c.json))
				if l.Name == "streadway" && c.streadway == "unsupported" {
					peertest.ExpectFailure(t, err, "unsupported", 0, "")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestDecimalsAndTablesAreTheLibrarysOwn(t *testing.T) {
	decimal := valueOf(t, `{"type":"decimal","value":{"scale":"255","unscaled":"-2147483648"}}`)
	table := valueOf(t, `{"type":"table","value":[["k",{"type":"table","value":[]}]]}`)
	for _, c := range []struct {
		library string
		value   protocol.TypedValue
		want    any
	}{
		{"streadway", decimal, amqp.Decimal{Scale: 255, Value: math.MinInt32}},
		{"streadway", table, amqp.Table{"k": amqp.Table{}}},
		{"amqp091-go", decimal, amqp091.Decimal{Scale: 255, Value: math.MinInt32}},
		{"amqp091-go", table, amqp091.Table{"k": amqp091.Table{}}},
	} {
		t.Run(c.library+" "+c.value.Type, func(t *testing.T) {
			got, err := libraries[c.library].Dialect.Field(c.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestANaNKeepsItsBits(t *testing.T) {
	got, err := libraries["streadway"].Dialect.Field(valueOf(t, `{"type":"double","value":"7ff8000000000123"}`))
	if err != nil || math.Float64bits(got.(float64)) != 0x7ff8000000000123 {
		t.Errorf("got %x, %v", math.Float64bits(got.(float64)), err)
	}
}

func TestAValueReachesTheWireWithItsTag(t *testing.T) {
	for _, l := range libraries {
		broker := fakebroker.New(t)
		s, err := l.connect(broker.URL(), func(protocol.Closed) {})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range conversions {
			t.Run(name+"/"+l.Name, func(t *testing.T) {
				want := c.wire
				if l.Name == "streadway" && c.streadway != "" {
					want = c.streadway
				}
				if want == "unsupported" {
					return // TestATypedValueBecomesTheGoValueThatMeansTheSame saw it refused
				}
				headers, err := l.Dialect.Fields(json.RawMessage(`[["k",` + c.json + `]]`))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.confirm(publication{properties: properties{headers: headers}}); err != nil {
					t.Fatal(err)
				}
				const lead = 14 + 4 + 2 // class, weight, size, flags; the table's length; the key
				if got := hex.EncodeToString(broker.LastHeader()[lead:]); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAValueThatIsNoValueOfItsTypeIsTheRequestsFault(t *testing.T) {
	for name, c := range map[string]struct{ json, want string }{
		"too large":            {`{"type":"int16","value":"32768"}`, "out of its type's range"},
		"too small":            {`{"type":"int64","value":"-9223372036854775809"}`, "out of its type's range"},
		"negative":             {`{"type":"uint8","value":"-1"}`, "out of its type's range"},
		"time too large":       {`{"type":"timestamp","value":"18446744073709551616"}`, "out of its type's range"},
		"scale too large":      {`{"type":"decimal","value":{"scale":"256","unscaled":"0"}}`, "out of its type's range"},
		"float of 8 octets":    {`{"type":"float","value":"4048f5c300000000"}`, "not the hex of 32 bits"},
		"base64 with a rest":   {`{"type":"longstr","value":{"base64":"/x=="}}`, "not base64"},
		"a property's type":    {`{"type":"shortstr","value":"x"}`, "no type of a header"},
		"a consumer's type":    {`{"type":"native-int","value":"1"}`, "no type of a header"},
		"nested in an array":   {`{"type":"array","value":[{"type":"int16","value":"32768"}]}`, "out of its type's range"},
		"nested in a table":    {`{"type":"table","value":[["k",{"type":"octet","value":"1"}]]}`, "no type of a header"},
		"a pair without value": {`{"type":"table","value":[["k"]]}`, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := libraries["amqp091-go"].Dialect.Field(valueOf(t, c.json))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if errors.As(err, new(*protocol.Failure)) {
				t.Errorf("it is blamed on the library: %v", err)
			}
		})
	}
}
