package client

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"go_plumbing/protocol"
)

// Typed values of the protocol, turned into the Go value that means the same to an application. Nothing is
// converted to fit: what a library has no Go type for is unsupported, and how it writes what it takes is
// for the wire to tell (streadway/amqp writes a byte under the tag of int8). The shape of the JSON was checked
// by the schema before.

// reader makes a Go value of the JSON of a typed value.
type reader func(Dialect, json.RawMessage) (any, error)

// Dialect is what is a library's own among the Go types of field values.
type Dialect struct {
	table   func(map[string]any) any
	decimal func(scale uint8, value int32) any
	// readers has every wire type; nil is one that the library does not take.
	readers map[string]reader
}

// FieldTypes are the wire types of the contract, in its order, with a value of each. One without a reader has
// no Go type: the tag L, because int64 goes by the tag l, and a tag that nobody knows.
var FieldTypes = []struct {
	Name   string
	read   reader
	Sample string
}{
	{"boolean", readBoolean, `"true"`},
	{"int8", signed[int8], `"1"`},
	{"uint8", Unsigned[uint8], `"1"`},
	{"int16", signed[int16], `"1"`},
	{"uint16", Unsigned[uint16], `"1"`},
	{"int32", signed[int32], `"1"`},
	{"uint32", Unsigned[uint32], `"1"`},
	{"int64", signed[int64], `"1"`},
	{"longlong", nil, ``},
	{"float", readFloat, `"3f800000"`},
	{"double", readDouble, `"3ff0000000000000"`},
	{"decimal", readDecimal, `{"scale": "1", "unscaled": "1"}`},
	{"longstr", readString, `"x"`},
	{"binary", readBytes, `"x"`},
	{"array", readArray, `[]`},
	{"timestamp", ReadTime, `"1"`},
	{"table", readTable, `[]`},
	{"void", readVoid, ``},
	{"unparsed", nil, ``},
}

// NewDialect asks the library itself, by takes, which types it accepts in a table: that differs by release.
func NewDialect(
	table func(map[string]any) any, decimal func(uint8, int32) any, takes func(value any) bool,
) Dialect {
	d := Dialect{table, decimal, map[string]reader{}}
	for _, t := range FieldTypes {
		d.readers[t.Name] = nil
		if t.read == nil {
			continue
		}
		if value, err := t.read(d, json.RawMessage(t.Sample)); err == nil && takes(value) {
			d.readers[t.Name] = t.read
		}
	}
	return d
}

// Types are the wire types that the library takes as header values, and those it does not.
func (d Dialect) Types() (taken, missing []string) {
	for _, t := range FieldTypes {
		if d.readers[t.Name] != nil {
			taken = append(taken, t.Name)
		} else {
			missing = append(missing, t.Name)
		}
	}
	return taken, missing
}

// Field is the Go value of a header. A *protocol.Failure says what the library cannot express.
func (d Dialect) Field(value protocol.TypedValue) (any, error) {
	read, known := d.readers[value.Type]
	if !known {
		return nil, fmt.Errorf("%s is no type of a header", value.Type)
	}
	if read == nil {
		return nil, protocol.Unsupported("type:" + value.Type)
	}
	return read(d, value.Value)
}

// Fields is the Go map of a table. A key that stands twice is unsupported.
func (d Dialect) Fields(table json.RawMessage) (map[string]any, error) {
	var pairs []protocol.Pair
	if err := json.Unmarshal(table, &pairs); err != nil {
		return nil, err
	}
	made := make(map[string]any, len(pairs))
	for _, p := range pairs {
		if _, twice := made[string(p.Key)]; twice {
			return nil, protocol.Unsupported("duplicate-keys")
		}
		native, err := d.Field(p.Value)
		if err != nil {
			return nil, err
		}
		made[string(p.Key)] = native
	}
	return made, nil
}

// Arguments is the table of a declare or bind; without one it is empty.
func (d Dialect) Arguments(table protocol.TypedValue) (map[string]any, error) {
	if table.Type == "" {
		return map[string]any{}, nil
	}
	return d.Fields(table.Value)
}

func readBoolean(_ Dialect, raw json.RawMessage) (any, error) {
	word, err := word(raw)
	return word == "true", err
}

func signed[T int8 | int16 | int32 | int64](_ Dialect, raw json.RawMessage) (any, error) {
	word, err := word(raw)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseInt(word, 10, 64)
	if err == nil && int64(T(number)) != number {
		err = strconv.ErrRange
	}
	return T(number), outOfRange(word, err)
}

func Unsigned[T uint8 | uint16 | uint32 | uint64](_ Dialect, raw json.RawMessage) (any, error) {
	word, err := word(raw)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(word, 10, 64)
	if err == nil && uint64(T(number)) != number {
		err = strconv.ErrRange
	}
	return T(number), outOfRange(word, err)
}

func outOfRange(word string, err error) error {
	if err != nil {
		return fmt.Errorf("%s is out of its type's range", word)
	}
	return nil
}

func readFloat(_ Dialect, raw json.RawMessage) (any, error) {
	bits, err := floatBits(raw, 32)
	return math.Float32frombits(uint32(bits)), err
}

func readDouble(_ Dialect, raw json.RawMessage) (any, error) {
	bits, err := floatBits(raw, 64)
	return math.Float64frombits(bits), err
}

func floatBits(raw json.RawMessage, size int) (uint64, error) {
	word, err := word(raw)
	if err != nil {
		return 0, err
	}
	if _, err := hex.DecodeString(word); err != nil || len(word) != size/4 {
		return 0, fmt.Errorf("%q is not the hex of %d bits", word, size)
	}
	return strconv.ParseUint(word, 16, size)
}

func readDecimal(d Dialect, raw json.RawMessage) (any, error) {
	var parts struct {
		Scale    json.RawMessage `json:"scale"`
		Unscaled json.RawMessage `json:"unscaled"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	scale, err := Unsigned[uint8](d, parts.Scale)
	if err != nil {
		return nil, err
	}
	unscaled, err := signed[int32](d, parts.Unscaled)
	if err != nil {
		return nil, err
	}
	return d.decimal(scale.(uint8), unscaled.(int32)), nil
}

func readString(_ Dialect, raw json.RawMessage) (any, error) {
	octets, err := Octets(raw)
	return string(octets), err
}

func readBytes(_ Dialect, raw json.RawMessage) (any, error) {
	octets, err := Octets(raw)
	return []byte(octets), err
}

func readArray(d Dialect, raw json.RawMessage) (any, error) {
	var items []protocol.TypedValue
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	made := make([]any, len(items))
	for i, item := range items {
		native, err := d.Field(item)
		if err != nil {
			return nil, err
		}
		made[i] = native
	}
	return made, nil
}

// ReadTime is the point in time so many seconds after the epoch. time.Time counts seconds in an int64.
func ReadTime(d Dialect, raw json.RawMessage) (any, error) {
	seconds, err := Unsigned[uint64](d, raw)
	if err != nil {
		return nil, err
	}
	if seconds.(uint64) > math.MaxInt64 {
		return nil, protocol.Unsupported("range:timestamp")
	}
	return time.Unix(int64(seconds.(uint64)), 0).UTC(), nil
}

func readTable(d Dialect, raw json.RawMessage) (any, error) {
	made, err := d.Fields(raw)
	return d.table(made), err
}

func readVoid(Dialect, json.RawMessage) (any, error) { return nil, nil }

func word(raw json.RawMessage) (string, error) {
	var word string
	err := json.Unmarshal(raw, &word)
	return word, err
}

func Octets(raw json.RawMessage) (protocol.Text, error) {
	var octets protocol.Text
	err := json.Unmarshal(raw, &octets)
	return octets, err
}
