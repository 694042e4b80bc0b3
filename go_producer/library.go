package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/rabbitmq/amqp091-go"
	"github.com/streadway/amqp"
)

// library is a client library as a peer: who it is, what it can express, and how it connects.
type library struct {
	name, module string
	dialect      dialect
	// connect opens a connection with one channel. told hears of what closes unasked, from another goroutine.
	connect func(url string, told func(closedEvent)) (session, error)
}

// session is an open connection with one channel. Errors are *failure where the protocol has a kind for them.
type session interface {
	declareExchange(request *declareExchange, arguments map[string]any) error
	declareQueue(request *declareQueue, arguments map[string]any) error
	bind(request *bind, arguments map[string]any) error
	publish(p publication) error
	// confirm publishes and waits for the broker's word.
	confirm(p publication) (outcome, error)
	// close closes the connection; one that is closed already is no error.
	close() error
}

// publication is a message on its way into a library.
type publication struct {
	exchange, routingKey string
	mandatory            bool
	properties           properties
	body                 []byte
}

// outcome is the broker's word on a publication: acked or not, and what it returned it with, if it did.
type outcome struct {
	acked    bool
	returned *rejection
}

// rejection is the reply code and text of basic.return.
type rejection struct {
	code uint16
	text string
}

// The two libraries have one origin: their channels have the same methods, on types of their own, which
// newLibrary finds by itself from the function that dials.
var libraries = map[string]*library{
	"streadway": newLibrary("streadway", "github.com/streadway/amqp", amqp.Dial,
		func(scale uint8, value int32) any { return amqp.Decimal{Scale: scale, Value: value} },
		func(r amqp.Return) rejection { return rejection{r.ReplyCode, r.ReplyText} }),
	"amqp091-go": newLibrary("amqp091-go", "github.com/rabbitmq/amqp091-go", amqp091.Dial,
		func(scale uint8, value int32) any { return amqp091.Decimal{Scale: scale, Value: value} },
		func(r amqp091.Return) rejection { return rejection{r.ReplyCode, r.ReplyText} }),
}

// describe is the library's account of itself.
func (l *library) describe(id uint64) (described, error) {
	version, err := moduleVersion(l.module)
	types, missing := l.types()
	return described{
		reply: reply{"described", id}, Library: l.name, Version: version, Language: "go",
		Runtime: runtime.Version(), Roles: []string{"producer"}, Types: types, Unsupported: unsupportedNames(missing),
	}, err
}

// types are the wire types that the library takes as header values, and those it does not.
func (l *library) types() (taken, missing []string) {
	for _, t := range fieldTypes {
		if l.dialect.readers[t.name] != nil {
			taken = append(taken, t.name)
		} else {
			missing = append(missing, t.name)
		}
	}
	return taken, missing
}

// unsupportedNames are all names that an error reply of kind unsupported can carry, and key-order, which
// is never refused: Go's maps have no order, so the order of headers on the wire is any.
func unsupportedNames(missingTypes []string) []string {
	names := []string{"role:consumer", "framing", "key-order", "duplicate-keys", "range:timestamp"}
	for _, name := range missingTypes {
		names = append(names, "type:"+name)
	}
	for _, p := range propertyTable {
		switch p.name {
		case "timestamp": // the epoch is not time.Time's zero value
		case "cluster_id":
			names = append(names, "property:cluster_id")
		case "delivery_mode", "priority":
			names = append(names, "zero:"+p.name)
		default:
			names = append(names, "empty:"+p.name)
		}
	}
	slices.Sort(names)
	return names
}

// moduleVersion is the release of a module that is linked into this program, without the leading v.
func moduleVersion(module string) (string, error) {
	build, _ := debug.ReadBuildInfo()
	if build != nil {
		for _, dependency := range build.Deps {
			if dependency.Path == module {
				return strings.TrimPrefix(dependency.Version, "v"), nil
			}
		}
	}
	return "", fmt.Errorf("the build information does not name %s", module)
}
