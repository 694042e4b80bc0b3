// Package fakebroker is a broker for unit tests of the Go peers.
package fakebroker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
)

// Broker speaks just enough AMQP 0-9-1 for one connection with one channel at a time. What it does with a
// message is told by the routing key, what it delivers by [Broker.Offer]. It knows nothing of either library.
type Broker struct {
	t        testing.TB
	listener net.Listener

	mutex   sync.Mutex
	headers [][]byte // the payload of every content header that arrived
	offered map[string][]content
	asked   []string // consumers' methods, as [Broker.Asked] has them
}

// content is a message as it lies on the wire.
type content struct{ header, body []byte }

// Routing keys, and names of queues and exchanges, that the broker answers in its own way.
const (
	KeyReturn     = "return"      // basic.return, then basic.ack
	KeyNack       = "nack"        // basic.nack
	KeyChannel    = "no-exchange" // closes the channel with 404
	KeyConnection = "poison"      // closes the connection with 541
	KeyCrossing   = "crossing"    // closes the connection with 541 once the client closes it
	KeyReset      = "reset"       // closes the socket
	NameRefused   = "refused"     // a declare of it closes the channel with 406
)

// Queues whose consumers the broker ends, once it has delivered what was offered.
const (
	QueueCancelled = "cancelled"  // cancels the consumer
	QueueChannel   = "channel"    // closes the channel with 406
	QueueShutdown  = "connection" // closes the connection with 541
)

func New(t testing.TB) *Broker {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Broker{t: t, listener: listener, offered: map[string][]content{}}
	var open sync.WaitGroup
	t.Cleanup(func() { listener.Close(); open.Wait() })
	open.Add(1)
	go func() {
		defer open.Done()
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			go func() {
				defer open.Done()
				defer socket.Close()
				conversation{b, socket, bufio.NewReader(socket)}.run()
			}()
		}
	}()
	return b
}

func (b *Broker) URL() string { return "amqp://guest:guest@" + b.listener.Addr().String() + "/" }

func (b *Broker) LastHeader() []byte {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.headers[len(b.headers)-1]
}

// Offer has a message of queue delivered, to each that consumes it: a content header without class, weight and
// body size, and a body.
func (b *Broker) Offer(queue string, header, body []byte) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	lead := append([]byte{0, 60, 0, 0}, long64(uint64(len(body)))...)
	b.offered[queue] = append(b.offered[queue], content{append(lead, header...), body})
}

// Asked are the methods of class basic that a consumer sent: their ids, and the octets of their arguments.
func (b *Broker) Asked() []string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return slices.Clone(b.asked)
}

// conversation is one connection of the broker.
type conversation struct {
	broker *Broker
	socket io.WriteCloser
	in     *bufio.Reader
}

// run ends when the client closes the connection or the socket, or when a routing key asks for it.
func (c conversation) run() {
	if _, err := c.in.Discard(len("AMQP0091")); err != nil {
		return
	}
	c.method(0, 10, 10, []byte{0, 9}, long(0), longstr("PLAIN"), longstr("en_US"))
	var confirming bool
	var tag uint64
	var key string
	for {
		kind, channel, payload, err := c.frame()
		if err != nil {
			return
		}
		switch kind {
		case 2:
			c.broker.mutex.Lock()
			c.broker.headers = append(c.broker.headers, payload)
			c.broker.mutex.Unlock()
			tag++
			if !c.settle(channel, key, tag, confirming) {
				return
			}
		case 1:
			class, id := binary.BigEndian.Uint16(payload), binary.BigEndian.Uint16(payload[2:])
			switch [2]uint16{class, id} {
			case [2]uint16{10, 11}: // start-ok
				c.method(0, 10, 30, short16(10), long(131072), short16(0))
			case [2]uint16{10, 40}: // open
				c.method(0, 10, 41, []byte{0})
			case [2]uint16{10, 50}: // close
				if key == KeyCrossing {
					c.internalError()
				} else {
					c.method(0, 10, 51)
				}
				return
			case [2]uint16{20, 10}: // channel.open
				c.method(channel, 20, 11, long(0))
			case [2]uint16{20, 40}: // channel.close
				c.method(channel, 20, 41)
			case [2]uint16{40, 10}, [2]uint16{50, 10}, [2]uint16{50, 20}: // exchange.declare, queue.declare, queue.bind
				c.declared(channel, class, id, payload[6:])
			case [2]uint16{85, 10}: // confirm.select
				confirming, tag = true, 0
				c.method(channel, 85, 11)
			case [2]uint16{60, 40}: // basic.publish
				key = publishKey(payload[6:])
			default:
				if class == 60 {
					c.consumed(channel, id, payload[4:])
				}
			}
		}
	}
}

func (c conversation) declared(channel, class, id uint16, arguments []byte) {
	name := string(arguments[1 : 1+arguments[0]])
	switch {
	case name == NameRefused:
		c.method(channel, 20, 40, short16(406), shortstr("PRECONDITION_FAILED"), short16(class), short16(id))
	case class == 50 && id == 10:
		c.method(channel, 50, 11, shortstr(name), long(0), long(0))
	default:
		c.method(channel, class, id+1)
	}
}

// consumed answers what only a consumer sends.
func (c conversation) consumed(channel, id uint16, arguments []byte) {
	c.broker.mutex.Lock()
	c.broker.asked = append(c.broker.asked, fmt.Sprintf("%d %x", id, arguments))
	c.broker.mutex.Unlock()
	switch id {
	case 10: // qos
		c.method(channel, 60, 11)
	case 20: // consume
		queue, rest := cutShort(arguments[2:])
		tag, _ := cutShort(rest)
		c.method(channel, 60, 21, shortstr(tag))
		for i, offered := range c.broker.take(queue) {
			lead := [][]byte{shortstr(tag), long64(uint64(i + 1)), {1}, shortstr("x"), shortstr("k")}
			c.deliver(channel, 60, lead, offered)
		}
		c.end(channel, queue, tag)
	case 30: // cancel
		tag, _ := cutShort(arguments)
		c.method(channel, 60, 31, shortstr(tag))
	case 70: // get
		queue, _ := cutShort(arguments[2:])
		offered := c.broker.take(queue)
		if len(offered) == 0 {
			c.method(channel, 60, 72, shortstr(""))
			return
		}
		c.deliver(channel, 71, [][]byte{long64(1), {0}, shortstr("x"), shortstr("k"), long(0)}, offered[0])
	}
}

// deliver sends a message by the method id, 60 or 71.
func (c conversation) deliver(channel, id uint16, lead [][]byte, message content) {
	c.method(channel, 60, id, lead...)
	c.write(2, channel, message.header)
	if len(message.body) > 0 {
		c.write(3, channel, message.body)
	}
}

// end does what the name of a queue says of the end of its consumers.
func (c conversation) end(channel uint16, queue, tag string) {
	switch queue {
	case QueueCancelled:
		c.method(channel, 60, 30, shortstr(tag), []byte{1})
	case QueueChannel:
		c.method(channel, 20, 40, short16(406), shortstr("PRECONDITION_FAILED"), short16(60), short16(80))
	case QueueShutdown:
		c.method(0, 10, 50, short16(541), shortstr("INTERNAL_ERROR"), short16(0), short16(0))
	}
}

func (b *Broker) take(queue string) []content {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.offered[queue]
}

// settle does what the routing key says; false ends the connection.
func (c conversation) settle(channel uint16, key string, tag uint64, confirming bool) bool {
	switch key {
	case KeyChannel:
		c.method(channel, 20, 40, short16(404), shortstr("NOT_FOUND"), short16(60), short16(40))
		return true
	case KeyConnection:
		c.internalError()
		return false
	case KeyReset:
		return false
	case KeyReturn:
		c.method(channel, 60, 50, short16(312), shortstr("NO_ROUTE"), shortstr(""), shortstr(key))
		c.write(2, channel, make([]byte, 14))
	}
	if confirming && key == KeyNack {
		c.method(channel, 60, 120, long64(tag), []byte{0})
	} else if confirming {
		c.method(channel, 60, 80, long64(tag), []byte{0})
	}
	return true
}

// internalError closes the connection and waits for close-ok.
func (c conversation) internalError() {
	c.method(0, 10, 50, short16(541), shortstr("INTERNAL_ERROR"), short16(0), short16(0))
	c.frame()
}

func (c conversation) frame() (kind byte, channel uint16, payload []byte, err error) {
	lead := make([]byte, 7)
	if _, err := io.ReadFull(c.in, lead); err != nil {
		return 0, 0, nil, err
	}
	payload = make([]byte, binary.BigEndian.Uint32(lead[3:])+1)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return 0, 0, nil, err
	}
	return lead[0], binary.BigEndian.Uint16(lead[1:]), payload[:len(payload)-1], nil
}

func (c conversation) method(channel, class, id uint16, arguments ...[]byte) {
	c.write(1, channel, bytes.Join(append([][]byte{short16(class), short16(id)}, arguments...), nil))
}

// write ignores a client that is gone: the next read ends the conversation.
func (c conversation) write(kind byte, channel uint16, payload []byte) {
	frame := append([]byte{kind}, short16(channel)...)
	frame = append(frame, long(uint32(len(payload)))...)
	fmt.Fprintf(c.socket, "%s%s\xce", frame, payload)
}

func publishKey(arguments []byte) string {
	_, rest := cutShort(arguments)
	key, _ := cutShort(rest)
	return key
}

// cutShort is the short string that octets start with, and what follows it.
func cutShort(octets []byte) (text string, rest []byte) {
	end := 1 + int(octets[0])
	return string(octets[1:end]), octets[end:]
}

func short16(n uint16) []byte     { return binary.BigEndian.AppendUint16(nil, n) }
func long(n uint32) []byte        { return binary.BigEndian.AppendUint32(nil, n) }
func long64(n uint64) []byte      { return binary.BigEndian.AppendUint64(nil, n) }
func shortstr(text string) []byte { return append([]byte{byte(len(text))}, text...) }
func longstr(text string) []byte  { return append(long(uint32(len(text))), text...) }
