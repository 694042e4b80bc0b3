package main

import (
	"fmt"
	"slices"
	"time"
)

// answerDeadline is how long a broker may take to confirm, and a library to tell why a channel is closed.
const answerDeadline = 10 * time.Second

// link is a session over either library: a connection and its one channel.
type link[Table tableOf, Publishing publishingOf[Table], Queue any] struct {
	connection connectionState
	channel    operationsOf[Table, Publishing, Queue]
	watch      *watch
	asError    func(error) (libraryError, bool)

	confirming bool
	published  uint64 // since the channel is in confirm mode: the last delivery tag
}

func (l *link[Table, _, _]) declareExchange(r *declareExchange, arguments map[string]any) error {
	const internal, noWait = false, false
	declare := l.channel.ExchangeDeclare
	if r.Passive {
		declare = l.channel.ExchangeDeclarePassive
	}
	return l.failure(declare(string(r.Name), r.Kind, r.Durable, r.AutoDelete, internal, noWait, Table(arguments)))
}

func (l *link[Table, _, _]) declareQueue(r *declareQueue, arguments map[string]any) error {
	const noWait = false
	declare := l.channel.QueueDeclare
	if r.Passive {
		declare = l.channel.QueueDeclarePassive
	}
	_, err := declare(string(r.Name), r.Durable, r.AutoDelete, r.Exclusive, noWait, Table(arguments))
	return l.failure(err)
}

func (l *link[Table, _, _]) bind(r *bind, arguments map[string]any) error {
	const noWait = false
	return l.failure(l.channel.QueueBind(
		string(r.Queue), string(r.RoutingKey), string(r.Exchange), noWait, Table(arguments)))
}

// publish hands the message to the library. In confirm mode the broker counts it.
func (l *link[Table, Publishing, _]) publish(p publication) error {
	const immediate = false
	err := l.channel.Publish(p.exchange, p.routingKey, p.mandatory, immediate, Publishing{
		Headers:         Table(p.properties.headers),
		ContentType:     p.properties.contentType,
		ContentEncoding: p.properties.contentEncoding,
		DeliveryMode:    p.properties.deliveryMode,
		Priority:        p.properties.priority,
		CorrelationId:   p.properties.correlationID,
		ReplyTo:         p.properties.replyTo,
		Expiration:      p.properties.expiration,
		MessageId:       p.properties.messageID,
		Timestamp:       p.properties.timestamp,
		Type:            p.properties.kind,
		UserId:          p.properties.userID,
		AppId:           p.properties.appID,
		Body:            p.body,
	})
	if err == nil && l.confirming {
		l.published++
	}
	return l.failure(err)
}

// confirm publishes in confirm mode and waits. basic.return comes before its ack and carries no tag, so all
// that was published before must be settled first: then what is returned is this message.
func (l *link[_, _, _]) confirm(p publication) (outcome, error) {
	if !l.confirming {
		const noWait = false
		if err := l.channel.Confirm(noWait); err != nil {
			return outcome{}, l.failure(err)
		}
		l.confirming = true
	}
	if err := l.watch.settled(l.published, answerDeadline); err != nil {
		return outcome{}, err
	}
	l.watch.forgetReturns()
	if err := l.publish(p); err != nil {
		return outcome{}, err
	}
	if err := l.watch.settled(l.published, answerDeadline); err != nil {
		return outcome{}, err
	}
	return l.watch.last(), nil
}

func (l *link[_, _, _]) close() error {
	l.watch.closing.Store(true)
	answer := make(chan error, 1)
	go func() { answer <- l.connection.Close() }()
	select {
	case err := <-answer:
		l.watch.wait(answerDeadline)
		if own, isOwn := l.asError(err); isOwn && (own.Code == channelError || own.Server) {
			return nil // it was closed already, or the broker was faster: closed is closed
		}
		return l.failure(err)
	case <-time.After(answerDeadline):
		return &failure{kind: "refused", message: fmt.Sprintf("connection.close had no answer in %s", answerDeadline)}
	}
}

// The library's own codes for an error that it meets on a connection or channel that is gone.
const (
	frameError      = 501
	channelError    = 504
	unexpectedFrame = 505
)

// failure tells an error of the library's own making from the news that channel or connection are gone. In
// the latter case it waits until the close was told, so that the event comes before the reply.
func (l *link[_, _, _]) failure(err error) error {
	if err == nil {
		return nil
	}
	own, isOwn := l.asError(err)
	gone := own.Server || slices.Contains([]int{frameError, channelError, unexpectedFrame}, own.Code)
	if !gone && (isOwn || !isNetwork(err)) {
		return &failure{kind: "refused", message: err.Error()}
	}
	if fault := l.watch.fault(answerDeadline); fault != nil {
		return fault
	}
	return disconnected("", own, err.Error())
}
