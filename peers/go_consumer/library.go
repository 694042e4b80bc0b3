package main

import (
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/streadway/amqp"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// library is a client library as a consumer.
type library struct {
	client.Library
	// connect opens a connection with one channel. tell takes its events, from other goroutines.
	connect func(url string, tell func(event any)) (session, error)
}

// session is an open connection with one channel.
type session interface {
	client.Session
	// consume starts a consumer; its deliveries are told once start was called.
	consume(request *protocol.Consume, arguments map[string]any) (start func(), err error)
	// cancel ends the consumers of queue; nothing of theirs is told afterwards.
	cancel(queue string) error
	// get is one message of queue, nil if there is none.
	get(queue string) (*delivery, error)
	ack(tag uint64, multiple bool) error
	nack(tag uint64, multiple, requeue bool) error
	reject(tag uint64, requeue bool) error
}

// The two libraries have one origin: their channels have the same methods, on types of their own, which
// newLibrary finds by itself from the function that dials.
var libraries = map[string]*library{
	"streadway": newLibrary("streadway", "github.com/streadway/amqp", amqp.Dial,
		func(scale uint8, value int32) amqp.Decimal { return amqp.Decimal{Scale: scale, Value: value} }),
	"amqp091-go": newLibrary("amqp091-go", "github.com/rabbitmq/amqp091-go", amqp091.Dial,
		func(scale uint8, value int32) amqp091.Decimal { return amqp091.Decimal{Scale: scale, Value: value} }),
}

// What follows is written once for both libraries; client has the shapes that both roles need.

// message has the fields of both libraries' Delivery.
type message[Table, Acknowledger any] struct {
	Acknowledger    Acknowledger
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
	ConsumerTag     string
	MessageCount    uint32
	DeliveryTag     uint64
	Redelivered     bool
	Exchange        string
	RoutingKey      string
	Body            []byte
}

type messageOf[Table, Acknowledger any] interface {
	~struct {
		Acknowledger    Acknowledger
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
		ConsumerTag     string
		MessageCount    uint32
		DeliveryTag     uint64
		Redelivered     bool
		Exchange        string
		RoutingKey      string
		Body            []byte
	}
}

// decimal has the fields of both libraries' Decimal.
type decimal struct {
	Scale uint8
	Value int32
}

type decimalOf interface {
	~struct {
		Scale uint8
		Value int32
	}
}

type channelOf[Table, Queue, Err, Message any] interface {
	client.ChannelOf[Table, Queue, Err]
	receiver[Table, Message]
	NotifyCancel(chan string) chan string
}

type receiver[Table, Message any] interface {
	Qos(prefetchCount, prefetchSize int, global bool) error
	Consume(queue, tag string, noAck, exclusive, noLocal, noWait bool, arguments Table) (<-chan Message, error)
	Cancel(tag string, noWait bool) error
	Get(queue string, noAck bool) (Message, bool, error)
	Ack(tag uint64, multiple bool) error
	Nack(tag uint64, multiple, requeue bool) error
	Reject(tag uint64, requeue bool) error
}

// newLibrary makes a consumer of a library from its Dial function.
func newLibrary[
	Connection client.ConnectionOf[Channel, Err],
	Channel channelOf[Table, Queue, Err, Message],
	Table client.TableOf, Queue any, Err client.ErrorOf,
	Message messageOf[Table, Acknowledger], Acknowledger any, Decimal decimalOf,
](
	name, module string,
	dial func(url string) (Connection, error),
	newDecimal func(scale uint8, value int32) Decimal,
) *library {
	table := func(fields map[string]any) any { return Table(fields) }
	takes := func(value any) bool { return Table{"": value}.Validate() == nil }
	handed := func(queue string, m Message) *delivery {
		return deliveryOf(queue, message[Table, Acknowledger](m), nativeOf[Table, Decimal])
	}
	connect := func(url string, tell func(event any)) (session, error) {
		told := func(event protocol.Closed) { tell(event) }
		opened, channel, closes, err := client.Open[Connection, Channel, Table, Queue](dial, url, told)
		if err != nil {
			return nil, err
		}
		made := &link[Table, Queue, Message]{Link: opened, channel: channel, handed: handed, tell: tell}
		go follow(made, closes, channel.NotifyCancel(make(chan string)))
		return made, nil
	}
	newAny := func(scale uint8, value int32) any { return newDecimal(scale, value) }
	return &library{client.Library{
		Name: name, Module: module, Dialect: client.NewDialect(table, newAny, takes),
		Role: "consumer", Other: "producer",
	}, connect}
}
