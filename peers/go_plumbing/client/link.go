package client

import (
	"fmt"
	"slices"
	"time"

	"go_plumbing/protocol"
)

// AnswerDeadline is how long a broker may take to confirm, and a library to tell why a channel is closed.
const AnswerDeadline = 10 * time.Second

// Link is a connection and its one channel, over either library.
type Link[Table TableOf, Queue any] struct {
	*Watch
	connection ConnectionState
	declarer   Declarer[Table, Queue]
	asError    func(error) (Error, bool)
}

// Open connects by a library's Dial function, whose result leads to all its other types, and opens a channel.
// told hears of what closes unasked; the follower to be started must end the watch.
func Open[
	Connection ConnectionOf[Channel, Err], Channel ChannelOf[Table, Queue, Err],
	Table TableOf, Queue any, Err ErrorOf,
](
	dial func(url string) (Connection, error), url string, told func(protocol.Closed),
) (*Link[Table, Queue], Channel, Closes[Err], error) {
	var none Channel
	connection, err := dial(url)
	if err != nil {
		return nil, none, Closes[Err]{}, ConnectFailure[Err](err)
	}
	connectionClosed := connection.NotifyClose(make(chan *Err, 1))
	channel, err := connection.Channel()
	if err != nil {
		connection.Close() // the error to report is the channel's
		return nil, none, Closes[Err]{}, ConnectFailure[Err](err)
	}
	closes := Closes[Err]{connectionClosed, channel.NotifyClose(make(chan *Err, 1)), connection.IsClosed}
	link := &Link[Table, Queue]{NewWatch(told), connection, channel, AsError[Err]}
	return link, channel, closes, nil
}

// DeclareExchange declares an exchange, and waits for the broker's answer.
func (l *Link[Table, _]) DeclareExchange(r *protocol.DeclareExchange, arguments map[string]any) error {
	const internal, noWait = false, false
	declare := l.declarer.ExchangeDeclare
	if r.Passive {
		declare = l.declarer.ExchangeDeclarePassive
	}
	return l.Failure(declare(string(r.Name), r.Kind, r.Durable, r.AutoDelete, internal, noWait, Table(arguments)))
}

// DeclareQueue declares a queue, and waits for the broker's answer.
func (l *Link[Table, _]) DeclareQueue(r *protocol.DeclareQueue, arguments map[string]any) error {
	const noWait = false
	declare := l.declarer.QueueDeclare
	if r.Passive {
		declare = l.declarer.QueueDeclarePassive
	}
	_, err := declare(string(r.Name), r.Durable, r.AutoDelete, r.Exclusive, noWait, Table(arguments))
	return l.Failure(err)
}

// Bind binds a queue, and waits for the broker's answer.
func (l *Link[Table, _]) Bind(r *protocol.Bind, arguments map[string]any) error {
	const noWait = false
	return l.Failure(l.declarer.QueueBind(
		string(r.Queue), string(r.RoutingKey), string(r.Exchange), noWait, Table(arguments)))
}

// Close closes the connection; one that is closed already is no error.
func (l *Link[_, _]) Close() error {
	l.closing.Store(true)
	answer := make(chan error, 1)
	go func() { answer <- l.connection.Close() }()
	select {
	case err := <-answer:
		l.Wait(AnswerDeadline)
		if own, isOwn := l.asError(err); isOwn && (own.Code == channelError || own.Server) {
			return nil // it was closed already, or the broker was faster: closed is closed
		}
		return l.Failure(err)
	case <-time.After(AnswerDeadline):
		return Refused(fmt.Errorf("connection.close had no answer in %s", AnswerDeadline))
	}
}

// The library's own codes for an error that it meets on a connection or channel that is gone.
const (
	frameError      = 501
	channelError    = 504
	unexpectedFrame = 505
)

// Failure tells an error of the library's own making from the news that channel or connection are gone. In
// the latter case it waits until the close was told, so that the event comes before the reply.
func (l *Link[_, _]) Failure(err error) error {
	if err == nil {
		return nil
	}
	own, isOwn := l.asError(err)
	gone := own.Server || slices.Contains([]int{frameError, channelError, unexpectedFrame}, own.Code)
	if !gone && (isOwn || !isNetwork(err)) {
		return Refused(err)
	}
	if fault := l.Fault(AnswerDeadline); fault != nil {
		return fault
	}
	return disconnected("", own, err.Error())
}
