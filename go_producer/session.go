package main

import "go_plumbing/client"

// link is a producer's session over either library.
type link[Table client.TableOf, Publishing publishingOf[Table], Queue any] struct {
	*client.Link[Table, Queue]
	channel publisher[Publishing]
	watch   *watch

	confirming bool
	published  uint64 // since the channel is in confirm mode: the last delivery tag
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
	return l.Failure(err)
}

// confirm publishes in confirm mode and waits. basic.return comes before its ack and carries no tag, so all
// that was published before must be settled first: then what is returned is this message.
func (l *link[_, _, _]) confirm(p publication) (outcome, error) {
	if !l.confirming {
		const noWait = false
		if err := l.channel.Confirm(noWait); err != nil {
			return outcome{}, l.Failure(err)
		}
		l.confirming = true
	}
	if err := l.watch.settled(l.published, client.AnswerDeadline); err != nil {
		return outcome{}, err
	}
	l.watch.forgetReturns()
	if err := l.publish(p); err != nil {
		return outcome{}, err
	}
	if err := l.watch.settled(l.published, client.AnswerDeadline); err != nil {
		return outcome{}, err
	}
	return l.watch.last(), nil
}
