package main

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go_plumbing/client"
	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// events collects what a session tells unasked.
type events struct {
	mutex sync.Mutex
	told  []protocol.Closed
}

func (e *events) add(event protocol.Closed) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.told = append(e.told, event)
}

func (e *events) all() []protocol.Closed {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return append([]protocol.Closed(nil), e.told...)
}

// withEachLibrary runs a test with a session of either library at a broker of its own.
func withEachLibrary(t *testing.T, test func(t *testing.T, s session, told *events)) {
	t.Helper()
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			var told events
			s, err := l.connect(fakebroker.New(t).URL(), told.add)
			if err != nil {
				t.Fatal(err)
			}
			test(t, s, &told)
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

func expectEvents(t *testing.T, told *events, want ...protocol.Closed) {
	t.Helper()
	got := told.all()
	if len(got) != len(want) {
		t.Fatalf("got events %v, want %v", got, want)
	}
	for i := range want {
		if got[i].Scope != want[i].Scope || got[i].Code != want[i].Code {
			t.Errorf("got event %v, want %v", got[i], want[i])
		}
	}
}

func TestTheBrokersWordOnAConfirmedPublishIsTold(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		for _, c := range []struct {
			key  string
			want outcome
		}{
			{"plain", outcome{acked: true}},
			{fakebroker.KeyNack, outcome{acked: false}},
			{fakebroker.KeyReturn, outcome{acked: true, returned: &rejection{312, "NO_ROUTE"}}},
			{"plain", outcome{acked: true}}, // the return before is not this one's
		} {
			got, err := s.confirm(publication{routingKey: c.key, mandatory: true})
			if err != nil {
				t.Fatalf("%s: %v", c.key, err)
			}
			if got.acked != c.want.acked || (got.returned == nil) != (c.want.returned == nil) {
				t.Errorf("%s: got %+v, want %+v", c.key, got, c.want)
			} else if got.returned != nil && *got.returned != *c.want.returned {
				t.Errorf("%s: got %+v, want %+v", c.key, *got.returned, *c.want.returned)
			}
		}
		expectEvents(t, told)
	})
}

func TestAReturnOfAnUnconfirmedPublishIsNotTakenForTheNextOnes(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, _ *events) {
		for range 50 {
			if err := s.publish(publication{routingKey: fakebroker.KeyReturn, mandatory: true}); err != nil {
				t.Fatal(err)
			}
			got, err := s.confirm(publication{routingKey: "plain", mandatory: true})
			if err != nil || got.returned != nil || !got.acked {
				t.Fatalf("got %+v, %v; want an ack alone", got, err)
			}
		}
	})
}

func TestAnExchangeThatIsNotThereClosesTheChannelAndIsToldOnce(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		_, err := s.confirm(publication{routingKey: fakebroker.KeyChannel})
		peertest.ExpectFailure(t, err, "disconnected", 404, "channel")
		expectEvents(t, told, protocol.Closed{Scope: "channel", Code: 404})
		peertest.ExpectFailure(t, s.publish(publication{routingKey: "plain"}), "disconnected", 404, "channel")
		_, err = s.confirm(publication{routingKey: "plain"})
		peertest.ExpectFailure(t, err, "disconnected", 404, "channel")
		expectEvents(t, told, protocol.Closed{Scope: "channel", Code: 404})
	})
}

func TestAPoisonMessageClosesTheConnectionAndIsToldOnce(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		_, err := s.confirm(publication{routingKey: fakebroker.KeyConnection})
		peertest.ExpectFailure(t, err, "disconnected", 541, "connection")
		peertest.ExpectFailure(t, s.publish(publication{routingKey: "plain"}), "disconnected", 541, "connection")
		expectEvents(t, told, protocol.Closed{Scope: "connection", Code: 541})
	})
}

// What the broker has against the last message comes while we close: the connection is closed all the same.
func TestACloseThatCrossesTheBrokersIsNoError(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		if err := s.publish(publication{routingKey: fakebroker.KeyCrossing}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASocketThatIsClosedHasNoReplyCode(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		_, err := s.confirm(publication{routingKey: fakebroker.KeyReset})
		peertest.ExpectFailure(t, err, "disconnected", 0, "connection")
		expectEvents(t, told, protocol.Closed{Scope: "connection"})
	})
}

func TestARefusedDeclareIsToldWithItsCode(t *testing.T) {
	requests := map[string]func(session) error{
		"exchange": func(s session) error {
			return s.DeclareExchange(&protocol.DeclareExchange{Name: fakebroker.NameRefused}, nil)
		},
		"queue": func(s session) error {
			return s.DeclareQueue(&protocol.DeclareQueue{Name: fakebroker.NameRefused}, nil)
		},
		"passive": func(s session) error {
			return s.DeclareQueue(&protocol.DeclareQueue{Name: fakebroker.NameRefused, Passive: true}, nil)
		},
		"bind": func(s session) error { return s.Bind(&protocol.Bind{Queue: fakebroker.NameRefused}, nil) },
	}
	for name, ask := range requests {
		t.Run(name, func(t *testing.T) {
			withEachLibrary(t, func(t *testing.T, s session, told *events) {
				peertest.ExpectFailure(t, ask(s), "disconnected", 406, "channel")
				expectEvents(t, told, protocol.Closed{Scope: "channel", Code: 406})
			})
		})
	}
}

func TestATopologyThatIsAcceptedIsNoError(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		table := map[string]any{"x-max-length": int32(9)}
		for _, err := range []error{
			s.DeclareExchange(&protocol.DeclareExchange{Name: "e", Kind: "topic"}, table),
			s.DeclareExchange(&protocol.DeclareExchange{Name: "e", Kind: "topic", Passive: true}, table),
			s.DeclareQueue(&protocol.DeclareQueue{Name: "q"}, table),
			s.Bind(&protocol.Bind{Queue: "q", Exchange: "e", RoutingKey: "#"}, table),
			s.publish(publication{exchange: "e", routingKey: "k"}),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		expectEvents(t, told)
	})
}

func TestWhatTheLibraryItselfWillNotSendIsRefused(t *testing.T) {
	withEachLibrary(t, func(t *testing.T, s session, told *events) {
		headers := map[string]any{"k": uint64(1)}
		peertest.ExpectFailure(t, s.publish(publication{properties: properties{headers: headers}}), "refused", 0, "")
		expectEvents(t, told)
	})
}

func TestABrokerThatDoesNotConfirmInTimeIsSaidSo(t *testing.T) {
	err := newWatch(client.NewWatch(func(protocol.Closed) {})).settled(1, time.Millisecond)
	peertest.ExpectFailure(t, err, "refused", 0, "")
	if !strings.Contains(err.Error(), "no confirm in 1ms") {
		t.Errorf("got %q", err)
	}
}

func TestAConnectThatFailsTellsABrokerFromALibraryThatWillNotTry(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := silent.Addr().String()
	silent.Close()
	cases := map[string]struct{ url, kind, scope string }{
		"nobody listens":      {"amqp://guest:secret@" + refused + "/", "disconnected", "connection"},
		"another scheme":      {"http://guest:secret@127.0.0.1/", "refused", ""},
		"a URL that is not":   {"amqp://guest:secret@127.0.0.1:port/", "refused", ""},
		"a space in the path": {"amqp://guest:secret@127.0.0.1/a b", "refused", ""},
	}
	for name, c := range cases {
		for _, l := range libraries {
			t.Run(name+"/"+l.Name, func(t *testing.T) {
				_, err := l.connect(c.url, func(protocol.Closed) {})
				peertest.ExpectFailure(t, err, c.kind, 0, c.scope)
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the password is told: %v", err)
				}
			})
		}
	}
}
