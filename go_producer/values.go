package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Typed values of the protocol, turned into the Go value that means the same to an application. Nothing is
// converted to fit: what a library has no Go type for is unsupported, and how it writes what it takes is
// for the wire to tell (streadway/amqp writes a byte under the tag of int8). The shape of the JSON was checked
// by the schema before.

// typedValue is a value as it crosses the pipe. The octets of "value" are read by the type's own reader.
type typedValue struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
	Tag   json.RawMessage `json:"tag"`
	Rest  json.RawMessage `json:"rest"`
}

// pair is an item of a table, in JSON [key, value].
type pair struct {
	key   text
	value typedValue
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *pair) UnmarshalJSON(raw []byte) error {
	var parts [2]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[0], &p.key); err != nil {
		return err
	}
	return json.Unmarshal(parts[1], &p.value)
}

// reader makes a Go value of the JSON of a typed value.
type reader func(dialect, json.RawMessage) (any, error)

// dialect is what is a library's own among the Go types of field values.
type dialect struct {
	table   func(map[string]any) any
	decimal func(scale uint8, value int32) any
	// readers has every wire type; nil is one that the library does not take.
	readers map[string]reader
}

// fieldTypes are the wire types of the contract, in its order, with a value of each. One without a reader has
// no Go type: the tag L, because int64 goes by the tag l, and a tag that nobody knows.
var fieldTypes = []struct {
	name   string
	read   reader
	sample string
}{
	{"boolean", readBoolean, `"true"`},
	{"int8", signed[int8], `"1"`},
	{"uint8", unsigned[uint8], `"1"`},
	{"int16", signed[int16], `"1"`},
	{"uint16", unsigned[uint16], `"1"`},
	{"int32", signed[int32], `"1"`},
	{"uint32", unsigned[uint32], `"1"`},
	{"int64", signed[int64], `"1"`},
	{"longlong", nil, ``},
	{"float", readFloat, `"3f800000"`},
	{"double", readDouble, `"3ff0000000000000"`},
	{"decimal", readDecimal, `{"scale": "1", "unscaled": "1"}`},
	{"longstr", readString, `"x"`},
	{"binary", readBytes, `"x"`},
	{"array", readArray, `[]`},
	{"timestamp", readTime, `"1"`},
	{"table", readTable, `[]`},
	{"void", readVoid, ``},
	{"unparsed", nil, ``},
}

// newDialect asks the library itself, by takes, which types it accepts in a table: that differs by release.
func newDialect(
	table func(map[string]any) any, decimal func(uint8, int32) any, takes func(value any) bool,
) dialect {
	d := dialect{table, decimal, map[string]reader{}}
	for _, t := range fieldTypes {
		d.readers[t.name] = nil
		if t.read == nil {
			continue
		}
		if value, err := t.read(d, json.RawMessage(t.sample)); err == nil && takes(value) {
			d.readers[t.name] = t.read
		}
	}
	return d
}

// field is the Go value of a header. A *failure says what the library cannot express.
func (d dialect) field(value typedValue) (any, error) {
	read, known := d.readers[value.Type]
	if !known {
		return nil, fmt.Errorf("%s is no type of a header", value.Type)
	}
	if read == nil {
		return nil, unsupported("type:" + value.Type)
	}
	return read(d, value.Value)
}

// fields is the Go map of a table. A key that stands twice is unsupported.
func (d dialect) fields(table json.RawMessage) (map[string]any, error) {
	var pairs []pair
	if err := json.Unmarshal(table, &pairs); err != nil {
		return nil, err
	}
	made := make(map[string]any, len(pairs))
	for _, p := range pairs {
		if _, twice := made[string(p.key)]; twice {
			return nil, unsupported("duplicate-keys")
		}
		native, err := d.field(p.value)
		if err != nil {
			return nil, err
		}
		made[string(p.key)] = native
	}
	return made, nil
}

// arguments is the table of a declare or bind; without one it is empty.
func (d dialect) arguments(table typedValue) (map[string]any, error) {
	if table.Type == "" {
		return map[string]any{}, nil
	}
	return d.fields(table.Value)
}

func readBoolean(_ dialect, raw json.RawMessage) (any, error) {
	word, err := word(raw)
	return word == "true", err
}

func signed[T int8 | int16 | int32 | int64](_ dialect, raw json.RawMessage) (any, error) {
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

func unsigned[T uint8 | uint16 | uint32 | uint64](_ dialect, raw json.RawMessage) (any, error) {
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

func readFloat(_ dialect, raw json.RawMessage) (any, error) {
	bits, err := floatBits(raw, 32)
	return math.Float32frombits(uint32(bits)), err
}

func readDouble(_ dialect, raw json.RawMessage) (any, error) {
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

func readDecimal(d dialect, raw json.RawMessage) (any, error) {
	var parts struct {
		Scale    json.RawMessage `json:"scale"`
		Unscaled json.RawMessage `json:"unscaled"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	scale, err := unsigned[uint8](d, parts.Scale)
	if err != nil {
		return nil, err
	}
	unscaled, err := signed[int32](d, parts.Unscaled)
	if err != nil {
		return nil, err
	}
	return d.decimal(scale.(uint8), unscaled.(int32)), nil
}

func readString(_ dialect, raw json.RawMessage) (any, error) {
	octets, err := octets(raw)
	return string(octets), err
}

func readBytes(_ dialect, raw json.RawMessage) (any, error) {
	octets, err := octets(raw)
	return []byte(octets), err
}

func readArray(d dialect, raw json.RawMessage) (any, error) {
	var items []typedValue
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	made := make([]any, len(items))
	for i, item := range items {
		native, err := d.field(item)
		if err != nil {
			return nil, err
		}
		made[i] = native
	}
	return made, nil
}

// readTime is the point in time so many seconds after the epoch. time.Time counts seconds in an int64.
func readTime(d dialect, raw json.RawMessage) (any, error) {
	seconds, err := unsigned[uint64](d, raw)
	if err != nil {
		return nil, err
	}
	if seconds.(uint64) > math.MaxInt64 {
		return nil, unsupported("range:timestamp")
	}
	return time.Unix(int64(seconds.(uint64)), 0).UTC(), nil
}

func readTable(d dialect, raw json.RawMessage) (any, error) {
	made, err := d.fields(raw)
	return d.table(made), err
}

func readVoid(dialect, json.RawMessage) (any, error) { return nil, nil }

func word(raw json.RawMessage) (string, error) {
	var word string
	err := json.Unmarshal(raw, &word)
	return word, err
}

func octets(raw json.RawMessage) (text, error) {
	var octets text
	err := json.Unmarshal(raw, &octets)
	return octets, err
}
