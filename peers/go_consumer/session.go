package main

import (
	"fmt"
	"sync"
	"time"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// link is a consumer's session over either library.
type link[Table client.TableOf, Queue, Message any] struct {
	*client.Link[Table, Queue]
	channel receiver[Table, Message]
	handed  func(queue string, m Message) *delivery
	tell    func(event any)

	prefetch int
	started  int

	mutex     sync.Mutex
	consumers map[string]*consumer // by consumer tag
}

// consumer is a consumer that was started and was not cancelled.
type consumer struct {
	queue string
	done  chan struct{} // closed when its last delivery was told
}

// cancelled is the event of a consumer that the broker has ended.
type cancelled struct {
	Type  string        `json:"type"`
	Queue protocol.Text `json:"queue"`
}

// consume asks for prefetch where it differs from what holds for the channel, and starts a consumer.
func (l *link[Table, _, Message]) consume(r *protocol.Consume, arguments map[string]any) (func(), error) {
	const noLocal, noWait, prefetchSize, global = false, false, 0, false
	if r.Prefetch != l.prefetch {
		if err := l.channel.Qos(r.Prefetch, prefetchSize, global); err != nil {
			return nil, l.Failure(err)
		}
		l.prefetch = r.Prefetch
	}
	l.started++
	tag := fmt.Sprintf("consumer-%d", l.started)
	made := &consumer{string(r.Queue), make(chan struct{})}
	l.add(tag, made)
	arriving, err := l.channel.Consume(made.queue, tag, r.NoAck, r.Exclusive, noLocal, noWait, Table(arguments))
	if err != nil {
		l.remove(tag)
		close(made.done)
		return nil, l.Failure(err)
	}
	return func() { go l.pass(made, arriving) }, nil
}

// pass tells what arrives, until the library says that there will be no more.
func (l *link[_, _, Message]) pass(c *consumer, arriving <-chan Message) {
	defer close(c.done)
	for m := range arriving {
		l.tell(l.handed(c.queue, m))
	}
}

func (l *link[_, _, _]) cancel(queue string) error {
	tags := l.tagsOf(queue)
	if len(tags) == 0 {
		return fmt.Errorf("there is no consumer of the queue %q", queue)
	}
	const noWait = false
	for _, tag := range tags {
		if err := l.channel.Cancel(tag, noWait); err != nil {
			return l.Failure(err)
		}
		if c := l.remove(tag); c != nil && !c.ends(client.AnswerDeadline) {
			return client.Refused(fmt.Errorf("no end of the deliveries within %s", client.AnswerDeadline))
		}
	}
	return nil
}

func (l *link[_, _, _]) get(queue string) (*delivery, error) {
	const noAck = false
	m, any, err := l.channel.Get(queue, noAck)
	if err != nil || !any {
		return nil, l.Failure(err)
	}
	return l.handed(queue, m), nil
}

func (l *link[_, _, _]) ack(tag uint64, multiple bool) error {
	return l.Failure(l.channel.Ack(tag, multiple))
}

func (l *link[_, _, _]) nack(tag uint64, multiple, requeue bool) error {
	return l.Failure(l.channel.Nack(tag, multiple, requeue))
}

func (l *link[_, _, _]) reject(tag uint64, requeue bool) error {
	return l.Failure(l.channel.Reject(tag, requeue))
}

// follow tells what the broker ends unasked, each after the last delivery that came before it, until the
// library can tell no more.
func follow[Table client.TableOf, Queue, Message any, Err client.ErrorOf](
	l *link[Table, Queue, Message], closes client.Closes[Err], cancels chan string,
) {
	defer l.End()
	for closes.Open() || cancels != nil {
		select {
		case reason, open := <-closes.Connection:
			l.drain()
			closes.OnConnection(l.Watch, reason, open)
		case reason, open := <-closes.Channel:
			l.drain()
			closes.OnChannel(l.Watch, reason, open)
		case tag, open := <-cancels:
			if !open {
				cancels = nil
			} else if c := l.remove(tag); c != nil {
				c.ends(client.AnswerDeadline)
				l.tell(cancelled{"cancelled", protocol.Text(c.queue)})
			}
		}
	}
}

// drain waits for the last deliveries of a channel that the library has closed, or is about to.
func (l *link[_, _, _]) drain() {
	for _, c := range l.all() {
		c.ends(client.AnswerDeadline)
	}
}

// ends waits until all was told; false if that took longer than deadline.
func (c *consumer) ends(deadline time.Duration) bool {
	select {
	case <-c.done:
		return true
	case <-time.After(deadline):
		return false
	}
}

func (l *link[_, _, _]) add(tag string, c *consumer) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.consumers == nil {
		l.consumers = map[string]*consumer{}
	}
	l.consumers[tag] = c
}

// remove is the consumer that had the tag, nil if none has it any more.
func (l *link[_, _, _]) remove(tag string) *consumer {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	c := l.consumers[tag]
	delete(l.consumers, tag)
	return c
}

func (l *link[_, _, _]) tagsOf(queue string) []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var tags []string
	for tag, c := range l.consumers {
		if c.queue == queue {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (l *link[_, _, _]) all() []*consumer {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var all []*consumer
	for _, c := range l.consumers {
		all = append(all, c)
	}
	return all
}
