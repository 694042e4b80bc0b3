package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// running is a peer that answers while the test goes on.
type running struct {
	in    io.WriteCloser
	lines chan string
	end   chan error
}

func start(t *testing.T, l *library) running {
	t.Helper()
	requests, in := io.Pipe()
	out, replies := io.Pipe()
	t.Cleanup(func() { in.Close(); out.Close() })
	r := running{in, make(chan string), make(chan error, 1)}
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			r.lines <- scanner.Text()
		}
	}()
	c := peertest.Contract(t)
	go func() { r.end <- serve(context.Background(), l, c, requests, replies) }()
	return r
}

// ask writes requests at once.
func (r running) ask(t *testing.T, lines ...string) {
	t.Helper()
	if _, err := io.WriteString(r.in, strings.Join(lines, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (r running) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, line := range want {
		select {
		case got := <-r.lines:
			if !strings.HasPrefix(got, line) {
				t.Errorf("got %s\nwant %s", got, line)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no line in 10 s, want %s", line)
		}
	}
}

func TestAPeerConsumesGetsSettlesAndEnds(t *testing.T) {
	for name, l := range libraries {
		t.Run(name, func(t *testing.T) {
			b := fakebroker.New(t)
			b.Offer("q", noProperties, []byte("one"))
			b.Offer("g", noProperties, []byte("two"))
			r := start(t, l)
			r.ask(t, `{"op":"connect","id":1,"url":"`+b.URL()+`"}`, `{"op":"declare_queue","id":2,"name":"q"}`,
				`{"op":"consume","id":3,"queue":"q","prefetch":5,"arguments":{"type":"table","value":[]}}`)
			r.expect(t, `{"type":"ok","id":1}`, `{"type":"ok","id":2}`, `{"type":"ok","id":3}`, deliveryLine("q", 1, true, "one"))
			r.ask(t, `{"op":"cancel","id":4,"queue":"q"}`, `{"op":"get","id":5,"queue":"g"}`)
			r.expect(t, `{"type":"ok","id":4}`, `{"type":"ok","id":5}`, deliveryLine("g", 1, false, "two"))
			r.ask(t, `{"op":"get","id":6,"queue":"none"}`, `{"op":"ack","id":7,"delivery_tag":1}`,
				`{"op":"nack","id":8,"delivery_tag":2}`, `{"op":"reject","id":9,"delivery_tag":3,"requeue":false}`, `{"op":"close","id":10}`)
			r.expect(t, `{"type":"empty","id":6}`, `{"type":"ok","id":7}`, `{"type":"ok","id":8}`, `{"type":"ok","id":9}`, `{"type":"ok","id":10}`)
			if err := <-r.end; err != nil {
				t.Error(err)
			}
			const nack, reject = "120 000000000000000202", "90 000000000000000300"
			if asked := b.Asked(); !slices.Contains(asked, nack) || !slices.Contains(asked, reject) {
				t.Errorf("the broker was asked %v", asked)
			}
		})
	}
}

func TestACloseIsToldWhileThePeerIsIdle(t *testing.T) {
	b := fakebroker.New(t)
	r := start(t, libraries["amqp091-go"])
	r.ask(t, `{"op":"connect","id":1,"url":"`+b.URL()+`"}`, `{"op":"consume","id":2,"queue":"`+fakebroker.QueueShutdown+`"}`)
	r.expect(t, `{"type":"ok","id":1}`, `{"type":"ok","id":2}`, `{"type":"closed","scope":"connection"`)
	r.ask(t, `{"op":"ack","id":3,"delivery_tag":1}`)
	r.expect(t, `{"type":"error","id":3,"kind":"disconnected","message":"INTERNAL_ERROR","code":541,"scope":"connection"}`)
	r.in.Close()
	if err := <-r.end; err != nil {
		t.Error(err)
	}
}

func TestWithoutAConnectionThereIsNothingToAsk(t *testing.T) {
	p := newPeer(libraries["streadway"], nil)
	for _, request := range []protocol.Request{
		&protocol.Consume{}, &protocol.Get{}, &protocol.Cancel{}, &protocol.Ack{}, &protocol.Nack{}, &protocol.Reject{}, &protocol.Bind{},
	} {
		_, _, err := p.Meet(request)
		peertest.ExpectFailure(t, err, "disconnected", 0, "")
	}
}

// trigger is a request that must be answered with the declared name.
func trigger(name string) string {
	argument := func(value string) string {
		return `{"op":"consume","id":5,"queue":"q","arguments":{"type":"table","value":[` + value + `]}}`
	}
	switch kind, rest, _ := strings.Cut(name, ":"); {
	case name == "role:producer":
		return `{"op":"publish","id":5,"exchange":"","routing_key":"","message":{"properties":{},"body":{"type":"inline","value":""}}}`
	case name == "declare_queue:defaults":
		return `{"op":"declare_queue","id":5,"name":"q","defaults":true}`
	case name == "duplicate-keys":
		return argument(`["k",{"type":"void"}],["k",{"type":"void"}]`)
	case name == "range:timestamp":
		return argument(`["k",{"type":"timestamp","value":"9223372036854775808"}]`)
	case name == "type:unparsed":
		return argument(`["k",{"type":"unparsed","tag":"VQ==","rest":""}]`)
	case kind == "type":
		return argument(`["k",{"type":"` + rest + `","value":"1"}]`)
	}
	return ""
}

func TestEveryDeclaredNameIsReallyRefused(t *testing.T) {
	c := peertest.Contract(t)
	for _, l := range libraries {
		account, err := l.Describe(1)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(account.Roles, []string{"consumer"}) || len(account.Types) != 0 {
			t.Errorf("got %+v", account)
		}
		for _, name := range account.Unsupported {
			if name == "key-order" {
				continue // declared only: no request says that the order matters
			}
			t.Run(l.Name+"/"+name, func(t *testing.T) {
				a := protocol.Decode(c, []byte(trigger(name)))
				if a.Err != nil {
					t.Fatal(a.Err)
				}
				_, _, err := newPeer(l, nil).Meet(a.Request)
				if got := new(protocol.Failure); !errors.As(err, &got) || got.Kind != "unsupported" || got.What != name {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestACommandLineThatCannotBeFollowedIsSaidSo(t *testing.T) {
	for want, args := range map[string][]string{
		"the only command is: peer":                           {"publish"},
		`unknown --library "x"; known: amqp091-go, streadway`: {"peer", "--library", "x", "--schema", peertest.SchemaFolder()},
		"--schema is missing":                                 {"peer", "--library", "streadway"},
		"cannot read the contract":                            {"peer", "--library", "streadway", "--schema", "nowhere"},
		`unexpected argument "more"`:                          {"peer", "more"},
	} {
		err := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		usage := errors.As(err, new(protocol.UsageError))
		if status := protocol.ExitStatus(err); (status == 2) != usage {
			t.Errorf("%v: status %d", err, status)
		}
	}
}

func TestTheProgramServesOverItsStreams(t *testing.T) {
	var out bytes.Buffer
	args := []string{"peer", "--library", "amqp091-go", "--schema", peertest.SchemaFolder()}
	in := strings.NewReader(`{"op":"describe","id":1}` + "\n" + `{"op":"close","id":2}` + "\n")
	if err := run(t.Context(), args, in, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasPrefix(got, `{"type":"described","id":1,"library":"amqp091-go","version":"1.`) ||
		!strings.HasSuffix(got, "\n"+`{"type":"ok","id":2}`+"\n") {
		t.Errorf("got %s", got)
	}
}
