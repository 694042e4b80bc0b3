package main

import (
	"errors"
	"io"
	"net"
	"time"
)

// What follows is written once for both libraries. Their types differ and their shapes are the same, so the
// constraints name the shapes; a release that changed one would not compile, rather than misbehave.

type tableOf interface {
	~map[string]any
	Validate() error
}

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

// libraryError has the fields of both libraries' Error. Server: the broker said it.
type libraryError struct {
	Code    int
	Reason  string
	Server  bool
	Recover bool
}

type errorOf interface {
	~struct {
		Code    int
		Reason  string
		Server  bool
		Recover bool
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

type connectionOf[Channel, Error any] interface {
	Channel() (Channel, error)
	NotifyClose(chan *Error) chan *Error
	connectionState
}

type connectionState interface {
	IsClosed() bool
	Close() error
}

type channelOf[Table, Publishing, Queue, Error, Confirmation, Return any] interface {
	operationsOf[Table, Publishing, Queue]
	NotifyClose(chan *Error) chan *Error
	NotifyPublish(chan Confirmation) chan Confirmation
	NotifyReturn(chan Return) chan Return
}

type operationsOf[Table, Publishing, Queue any] interface {
	ExchangeDeclare(name, kind string, durable, autoDelete, internal, noWait bool, arguments Table) error
	ExchangeDeclarePassive(name, kind string, durable, autoDelete, internal, noWait bool, arguments Table) error
	QueueDeclare(name string, durable, autoDelete, exclusive, noWait bool, arguments Table) (Queue, error)
	QueueDeclarePassive(name string, durable, autoDelete, exclusive, noWait bool, arguments Table) (Queue, error)
	QueueBind(name, key, exchange string, noWait bool, arguments Table) error
	Publish(exchange, key string, mandatory, immediate bool, message Publishing) error
	Confirm(noWait bool) error
}

// newLibrary makes a peer of a library from its Dial function, whose result leads to all its other types.
func newLibrary[
	Connection connectionOf[Channel, Error],
	Channel channelOf[Table, Publishing, Queue, Error, Confirmation, Return],
	Table tableOf, Publishing publishingOf[Table], Queue any,
	Error errorOf, Confirmation confirmationOf, Return any,
](
	name, module string,
	dial func(url string) (Connection, error),
	decimal func(scale uint8, value int32) any,
	rejected func(Return) rejection,
) *library {
	table := func(fields map[string]any) any { return Table(fields) }
	takes := func(value any) bool { return Table{"": value}.Validate() == nil }
	connect := func(url string, told func(closedEvent)) (session, error) {
		connection, err := dial(url)
		if err != nil {
			return nil, connectFailure[Error](err)
		}
		connectionClosed := connection.NotifyClose(make(chan *Error, 1))
		channel, err := connection.Channel()
		if err != nil {
			connection.Close() // the error to report is the channel's
			return nil, connectFailure[Error](err)
		}
		watch := newWatch(told)
		go follow(watch, connection.IsClosed, notices[Error, Confirmation, Return]{
			connectionClosed, channel.NotifyClose(make(chan *Error, 1)),
			channel.NotifyPublish(make(chan Confirmation)), channel.NotifyReturn(make(chan Return)),
		}, rejected)
		return &link[Table, Publishing, Queue]{
			connection: connection, channel: channel, watch: watch, asError: asLibraryError[Error],
		}, nil
	}
	return &library{name, module, newDialect(table, decimal, takes), connect}
}

// asLibraryError finds the library's own error in err.
func asLibraryError[Error errorOf](err error) (libraryError, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if own, ok := any(err).(*Error); ok {
			return libraryError(*own), true
		}
	}
	return libraryError{}, false
}

// connectFailure tells a broker that cannot be reached or will not have us from a library that will not try.
func connectFailure[Error errorOf](err error) error {
	err = withoutURL(err)
	own, isOwn := asLibraryError[Error](err)
	if !isOwn && !isNetwork(err) {
		return &failure{kind: "refused", message: err.Error()}
	}
	return disconnected("connection", own, err.Error())
}

// disconnected is the failure after a close; only a code that the broker itself said is reported.
func disconnected(scope string, reason libraryError, message string) *failure {
	made := &failure{kind: "disconnected", scope: scope, message: message}
	if reason.Server {
		made.code = reason.Code
	}
	return made
}

func isNetwork(err error) bool {
	return errors.As(err, new(net.Error)) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
