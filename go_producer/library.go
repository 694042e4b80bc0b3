package main

import (
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/streadway/amqp"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// library is a client library as a producer.
type library struct {
	client.Library
	// connect opens a connection with one channel. told hears of what closes unasked, from another goroutine.
	connect func(url string, told func(protocol.Closed)) (session, error)
}

// session is an open connection with one channel.
type session interface {
	client.Session
	publish(p publication) error
	// confirm publishes and waits for the broker's word.
	confirm(p publication) (outcome, error)
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
func (l *library) describe(id uint64) (protocol.Described, error) {
	account, err := l.Describe(id, unsupportedNames()...)
	account.Types, _ = l.Dialect.Types()
	return account, err
}

// unsupportedNames are what the libraries cannot express of a message, beside its types.
func unsupportedNames() []string {
	names := []string{"framing"}
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
	return names
}

// What follows is written once for both libraries; client has the shapes that both roles need.

type publishingOf[Table any] interface {
	~struct {
		Headers         Table
		ContentType     string
		ContentEncoding string
		DeliveryMode    uint8
		Priority        uint8
		CorrelationId   string
		ReplyTo         string
		Expiration      string
		MessageId       string
		Timestamp       time.Time
		Type            string
		UserId          string
		AppId           string
		Body            []byte
	}
}

// confirmation has the fields of both libraries' Confirmation.
type confirmation struct {
	DeliveryTag uint64
	Ack         bool
}

type confirmationOf interface {
	~struct {
		DeliveryTag uint64
		Ack         bool
	}
}

type channelOf[Table, Publishing, Queue, Err, Confirmation, Return any] interface {
	client.ChannelOf[Table, Queue, Err]
	publisher[Publishing]
	NotifyPublish(chan Confirmation) chan Confirmation
	NotifyReturn(chan Return) chan Return
}

type publisher[Publishing any] interface {
	Publish(exchange, key string, mandatory, immediate bool, message Publishing) error
	Confirm(noWait bool) error
}

// newLibrary makes a producer of a library from its Dial function.
func newLibrary[
	Connection client.ConnectionOf[Channel, Err],
	Channel channelOf[Table, Publishing, Queue, Err, Confirmation, Return],
	Table client.TableOf, Publishing publishingOf[Table], Queue any,
	Err client.ErrorOf, Confirmation confirmationOf, Return any,
](
	name, module string,
	dial func(url string) (Connection, error),
	decimal func(scale uint8, value int32) any,
	rejected func(Return) rejection,
) *library {
	table := func(fields map[string]any) any { return Table(fields) }
	takes := func(value any) bool { return Table{"": value}.Validate() == nil }
	connect := func(url string, told func(protocol.Closed)) (session, error) {
		opened, channel, closes, err := client.Open[Connection, Channel, Table, Queue](dial, url, told)
		if err != nil {
			return nil, err
		}
		watch := newWatch(opened.Watch)
		go follow(watch, notices[Err, Confirmation, Return]{
			closes, channel.NotifyPublish(make(chan Confirmation)), channel.NotifyReturn(make(chan Return)),
		}, rejected)
		return &link[Table, Publishing, Queue]{Link: opened, channel: channel, watch: watch}, nil
	}
	return &library{client.Library{
		Name: name, Module: module, Dialect: client.NewDialect(table, decimal, takes),
		Role: "producer", Other: "consumer",
	}, connect}
}
