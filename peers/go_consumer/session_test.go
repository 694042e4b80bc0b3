package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// told are the events of a session, as lines.
type told chan string

func (t told) add(event any) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	t <- string(line)
}

// next is the next event.
func (t told) next(test *testing.T) string {
	test.Helper()
	select {
	case line := <-t:
		return line
	case <-time.After(10 * time.Second):
		test.Fatal("no event in 10 s")
		return ""
	}
}

// withEachLibrary runs a test with a session of either library at a broker of its own.
func withEachLibrary(t *testing.T, test func(t *testing.T, b *fakebroker.Broker, s session, events told)) {
	t.Helper()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			b, events := fakebroker.New(t), make(told, 100)
			s, err := l.connect(b.URL(), events.add)
			if err != nil {
				t.Fatal(err)
			}
			test(t, b, s, events)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			select {
			case line := <-events:
				t.Errorf("one event too many: %s", line)
			default:
			}
		})
	}
}

var noProperties = []byte{0, 0}

func consumed(t *testing.T, s session, queue string) {
	t.Helper()
	start, err := s.consume(&protocol.Consume{Queue: protocol.Text(queue)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start()
}

func deliveryLine(queue string, tag int, redelivered bool, body string) string {
	return fmt.Sprintf(`{"type":"delivery","queue":"%s","delivery_tag":%d,"redelivered":%t,"exchange":"x",`+
		`"routing_key":"k","properties":{},"body":{"type":"inline","value":"%s","native":"bytes"}}`, queue, tag, redelivered, body)
}

func TestWhatIsDeliveredIsToldInOrder(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, events told) {
		for i := range 50 {
			b.Offer("q", noProperties, fmt.Appendf(nil, "%d", i))
		}
		consumed(t, s, "q")
		for i := range 50 {
			if got, want := events.next(t), deliveryLine("q", i+1, true, fmt.Sprint(i)); got != want {
				t.Fatalf("got %s\nwant %s", got, want)
			}
		}
	})
}

func TestNothingIsToldBeforeItIsStarted(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, events told) {
		b.Offer("q", noProperties, nil)
		start, err := s.consume(&protocol.Consume{Queue: "q"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DeclareQueue(&protocol.DeclareQueue{Name: "q"}, nil); err != nil { // a round trip
			t.Fatal(err)
		}
		select {
		case line := <-events:
			t.Errorf("got %s", line)
		default:
		}
		start()
		events.next(t)
	})
}

func TestNoDeliveryIsToldAfterACancel(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, events told) {
		for range 50 {
			b.Offer("q", noProperties, []byte("b"))
		}
		consumed(t, s, "q")
		if err := s.cancel("q"); err != nil {
			t.Fatal(err)
		}
		if got := len(events); got != 50 {
			t.Errorf("%d deliveries were told when the cancel was answered, want 50", got)
		}
		for range 50 {
			events.next(t)
		}
		if err := s.cancel("q"); err == nil || errors.As(err, new(*protocol.Failure)) {
			t.Errorf("a second cancel: got %v, want a fault of the asker's", err)
		}
	})
}

func TestTheBrokersEndOfAConsumerIsToldAfterItsDeliveries(t *testing.T) {
	for queue, want := range map[string]string{
		fakebroker.QueueCancelled: `{"type":"cancelled","queue":"cancelled"}`,
		fakebroker.QueueChannel:   `{"type":"closed","scope":"channel","message":"PRECONDITION_FAILED","code":406}`,
		fakebroker.QueueShutdown:  `{"type":"closed","scope":"connection","message":"INTERNAL_ERROR","code":541}`,
	} {
		t.Run(queue, func(t *testing.T) {
			withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, events told) {
				b.Offer(queue, noProperties, []byte("b"))
				consumed(t, s, queue)
				got := events.next(t)
				// The libraries drop what they hold when a channel closes: the delivery may be missing, but not late.
				if got == deliveryLine(queue, 1, true, "b") {
					got = events.next(t)
				} else if queue == fakebroker.QueueCancelled {
					t.Errorf("the delivery is missing")
				}
				if got != want {
					t.Errorf("got %s\nwant %s", got, want)
				}
			})
		})
	}
}

func TestAMessageThatCannotBeReadClosesTheConnection(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, events told) {
		b.Offer("q", []byte("\x20\x00\x00\x00\x00\x03\x01kU"), nil) // headers of the tag U
		consumed(t, s, "q")
		if got := events.next(t); !strings.HasPrefix(got, `{"type":"closed","scope":"connection","message":`) ||
			strings.Contains(got, `"code"`) {
			t.Errorf("got %s", got)
		}
		peertest.ExpectFailure(t, s.ack(1, false), "disconnected", 0, "connection")
	})
}

func TestGetIsOneMessageOrNone(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, _ told) {
		b.Offer("q", noProperties, []byte("b"))
		got, err := s.get("q")
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(got)
		if want := deliveryLine("q", 1, false, "b"); err != nil || string(line) != want {
			t.Errorf("got %s, %v\nwant %s", line, err, want)
		}
		if got, err := s.get("empty"); err != nil || got != nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestWhatAConsumerAsksReachesTheWire(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, b *fakebroker.Broker, s session, _ told) {
		table := map[string]any{"x-priority": int32(9)}
		for _, r := range []*protocol.Consume{
			{Queue: "q", Prefetch: 7}, {Queue: "q", Prefetch: 7, NoAck: true}, {Queue: "q", Exclusive: true},
		} {
			start, err := s.consume(r, table)
			if err != nil {
				t.Fatal(err)
			}
			start()
		}
		for _, err := range []error{
			s.ack(1, false), s.ack(2, true), s.nack(3, true, false), s.nack(4, false, true), s.reject(5, true), s.reject(6, false),
			s.DeclareQueue(&protocol.DeclareQueue{Name: "q"}, nil), // a round trip
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		const arguments = "00000010" + "0a782d7072696f72697479" + "4900000009"
		consume := func(number, flags string) string {
			return "20 0000" + "0171" + "0a636f6e73756d65722d" + number + flags + arguments
		}
		want := []string{
			"10 00000000000700", consume("31", "00"), consume("32", "02"), "10 00000000000000", consume("33", "04"),
			"80 000000000000000100", "80 000000000000000201", "120 000000000000000301", "120 000000000000000402",
			"90 000000000000000501", "90 000000000000000600",
		}
		if got := b.Asked(); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestARefusedDeclareIsToldWithItsCode(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, _ *fakebroker.Broker, s session, events told) {
		err := s.DeclareQueue(&protocol.DeclareQueue{Name: fakebroker.NameRefused}, nil)
		peertest.ExpectFailure(t, err, "disconnected", 406, "channel")
		if got := events.next(t); !strings.Contains(got, `"scope":"channel"`) {
			t.Errorf("got %s", got)
		}
		_, err = s.consume(&protocol.Consume{Queue: "q"}, nil)
		peertest.ExpectFailure(t, err, "disconnected", 406, "channel")
		_, err = s.get("q")
		peertest.ExpectFailure(t, err, "disconnected", 406, "channel")
	})
}

func TestAConnectThatFailsTellsABrokerFromALibraryThatWillNotTry(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := silent.Addr().String()
	silent.Close()
	for name, c := range map[string]struct{ url, kind, scope string }{
		"nobody listens": {"amqp://guest:secret@" + refused + "/", "disconnected", "connection"},
		"another scheme": {"http://guest:secret@127.0.0.1/", "refused", ""},
	} {
		for _, l := range libraries {
			t.Run(name+"/"+l.Name, func(t *testing.T) {
				_, err := l.connect(c.url, make(told, 1).add)
				peertest.ExpectFailure(t, err, c.kind, 0, c.scope)
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the password is told: %v", err)
				}
			})
		}
	}
}
