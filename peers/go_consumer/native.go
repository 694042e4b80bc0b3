package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// native is a Go value as a typed value of the protocol: what the library handed over, and nothing of what it
// may have been on the wire. Go's numbers have the sizes of AMQP's, so they go by those names: a uint8 is a
// uint8 even where it was sent as int8.
type native struct {
	Type  string `json:"type"`
	Value any    `json:"value,omitempty"`
	Name  string `json:"name,omitempty"`
	Text  any    `json:"text,omitempty"`
}

// entry is an item of a map, in JSON [key, value].
type entry [2]any

// nativeOf is value as the protocol spells it. Table and Decimal are the library's own.
func nativeOf[Table client.TableOf, Decimal decimalOf](value any) native {
	switch value := value.(type) {
	case nil:
		return native{Type: "native-none"}
	case bool:
		return native{Type: "native-bool", Value: strconv.FormatBool(value)}
	case int8, uint8, int16, uint16, int32, uint32, int64:
		return native{Type: fmt.Sprintf("%T", value), Value: fmt.Sprint(value)}
	case float32:
		return native{Type: "float", Value: fmt.Sprintf("%08x", math.Float32bits(value))}
	case float64:
		return native{Type: "double", Value: fmt.Sprintf("%016x", math.Float64bits(value))}
	case Decimal:
		return decimalAs(decimal(value))
	case string:
		return native{Type: "native-str", Value: protocol.Text(value)}
	case []byte:
		return native{Type: "native-bytes", Value: protocol.Text(value)}
	case time.Time:
		return native{Type: "native-time", Value: strconv.FormatInt(value.Unix(), 10)}
	case []any:
		return listOf(value, nativeOf[Table, Decimal])
	case Table:
		return mapOf(value, nativeOf[Table, Decimal])
	default:
		return native{Type: "native-other", Name: fmt.Sprintf("%T", value), Text: protocol.Text(fmt.Sprint(value))}
	}
}

// octetOf is a property of one octet.
func octetOf(octet uint8) native {
	return native{Type: "octet", Value: strconv.Itoa(int(octet))}
}

func decimalAs(d decimal) native {
	return native{Type: "decimal", Value: map[string]string{
		"scale": strconv.Itoa(int(d.Scale)), "unscaled": strconv.Itoa(int(d.Value)),
	}}
}

func listOf(items []any, of func(any) native) native {
	made := make([]native, len(items))
	for i, item := range items {
		made[i] = of(item)
	}
	return native{Type: "native-list", Value: made}
}

// mapOf has the entries in the order in which Go comes by them, which is a new one each time.
func mapOf[Table ~map[string]any](table Table, of func(any) native) native {
	made := make([]entry, 0, len(table))
	for key, value := range table {
		made = append(made, entry{protocol.Text(key), of(value)})
	}
	return native{Type: "native-map", Value: made}
}
