package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// fakeSession answers as it is told and remembers what it was asked.
type fakeSession struct {
	asked   []string
	err     error
	outcome outcome
	told    func(protocol.Closed)
}

func (f *fakeSession) ask(what string) error {
	f.asked = append(f.asked, what)
	return f.err
}

func (f *fakeSession) DeclareExchange(r *protocol.DeclareExchange, _ map[string]any) error {
	return f.ask("exchange " + string(r.Name))
}
func (f *fakeSession) DeclareQueue(r *protocol.DeclareQueue, _ map[string]any) error {
	return f.ask("queue " + string(r.Name))
}
func (f *fakeSession) Bind(r *protocol.Bind, _ map[string]any) error {
	return f.ask("bind " + string(r.Queue))
}
func (f *fakeSession) publish(p publication) error { return f.ask("publish " + string(p.body)) }
func (f *fakeSession) Close() error                { return f.ask("close") }
func (f *fakeSession) confirm(p publication) (outcome, error) {
	return f.outcome, f.ask("confirm " + string(p.body))
}

// fakeLibrary connects to f, but not to the URL "amqp://refused".
func fakeLibrary(f *fakeSession) *library {
	return &library{
		Library: libraries["streadway"].Library,
		connect: func(url string, told func(protocol.Closed)) (session, error) {
			if url == "amqp://refused" {
				return nil, &protocol.Failure{Kind: "disconnected", Message: "no", Code: 403, Scope: "connection"}
			}
			f.told = told
			return f, f.ask("connect " + url)
		},
	}
}

// converse gives lines to a peer at once and is what it wrote, and how it ended.
func converse(t *testing.T, f *fakeSession, lines ...string) ([]string, error) {
	t.Helper()
	var out strings.Builder
	in := strings.NewReader(strings.Join(lines, "\n") + "\n")
	err := serve(t.Context(), fakeLibrary(f), peertest.Contract(t), in, &out)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

const (
	connectLine = `{"op":"connect","id":1,"url":"amqp://x"}`
	closeLine   = `{"op":"close","id":99}`
)

func publishLine(more string) string {
	return strings.TrimSuffix(publishOf(`"properties":{},"body":{"type":"inline","value":"b"}`), "}") + more + "}"
}

func TestEveryRequestHasOneReplyWithItsIDInOrder(t *testing.T) {
	f := &fakeSession{outcome: outcome{acked: true}}
	lines, err := converse(t, f, `{"op":"describe","id":7}`, connectLine,
		`{"op":"declare_exchange","id":2,"name":"e","kind":"fanout"}`, `{"op":"declare_queue","id":3,"name":"q"}`,
		`{"op":"bind","id":4,"queue":"q","exchange":"e","routing_key":"","arguments":{"type":"table","value":[]}}`,
		publishLine(``), publishLine(`,"confirm":true`), closeLine, `{"op":"describe","id":100}`)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(lines[0], `{"type":"described","id":7,"library":"streadway","version":"1.1.0","language":"go"`) {
		t.Errorf("got %s", lines[0])
	}
	expectLines(t, lines[1:], `{"type":"ok","id":1}`, `{"type":"ok","id":2}`, `{"type":"ok","id":3}`, `{"type":"ok","id":4}`,
		`{"type":"ok","id":5}`, `{"type":"confirmed","id":5}`, `{"type":"ok","id":99}`)
	expectLines(t, f.asked, "connect amqp://x", "exchange e", "queue q", "bind q", "publish b", "confirm b", "close")
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

func TestTheBrokersWordHasItsOwnReply(t *testing.T) {
	for want, o := range map[string]outcome{
		`{"type":"confirmed","id":5}`:                                    {acked: true},
		`{"type":"nacked","id":5}`:                                       {},
		`{"type":"returned","id":5,"code":312,"text":{"base64":"/w=="}}`: {acked: true, returned: &rejection{312, "\xff"}},
	} {
		lines, err := converse(t, &fakeSession{outcome: o}, connectLine, publishLine(`,"confirm":true`), closeLine)
		if err != nil {
			t.Fatal(err)
		}
		expectLines(t, lines[1:2], want)
	}
}

func TestAnErrorIsRepliedWithItsKindAndThePeerGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		line string
		want string
	}{
		"refused":       {&protocol.Failure{Kind: "refused", Message: "m"}, publishLine(``), `{"type":"error","id":5,"kind":"refused","message":"m"}`},
		"disconnected":  {&protocol.Failure{Kind: "disconnected", Message: "m", Code: 404, Scope: "channel"}, publishLine(`,"confirm":true`), `{"type":"error","id":5,"kind":"disconnected","message":"m","code":404,"scope":"channel"}`},
		"the adapter's": {errors.New("m"), publishLine(``), `{"type":"error","id":5,"kind":"bug","message":"m"}`},
		"consumer's":    {nil, `{"op":"ack","id":5,"delivery_tag":1}`, `{"type":"error","id":5,"kind":"unsupported","message":"declared as unsupported: role:consumer","what":"role:consumer"}`},
		"a cancel":      {nil, `{"op":"cancel","id":5,"queue":"q"}`, `{"type":"error","id":5,"kind":"unsupported","message":"declared as unsupported: role:consumer","what":"role:consumer"}`},
		"invalid":       {nil, `{"op":"describe","id":5,"now":1}`, `{"type":"error","id":5,"kind":"bug","message":"not a request: at '': additional properties 'now' not allowed"}`},
		"invalid value": {nil, publishOf(`"properties":{"priority":{"type":"octet","value":"256"}},"body":{"type":"inline","value":""}`), `{"type":"error","id":5,"kind":"bug","message":"property priority: 256 is out of its type's range"}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeSession{}
			p := newPeer(fakeLibrary(f), nil)
			if _, _, err := p.Meet(&protocol.Connect{}); err != nil {
				t.Fatal(err)
			}
			f.err = c.err
			var out strings.Builder
			output := protocol.NewOutput(peertest.Contract(t), &out)
			if last, err := protocol.Answer(p, output, protocol.Decode(peertest.Contract(t), []byte(c.line))); last || err != nil {
				t.Fatalf("it ends: %v", err)
			}
			expectLines(t, []string{out.String()}, c.want+"\n")
		})
	}
}

func TestWithoutAConnectionThereIsNothingToAsk(t *testing.T) {
	lines, err := converse(t, &fakeSession{}, publishLine(``), `{"op":"declare_queue","id":6,"name":"q"}`,
		`{"op":"connect","id":7,"url":"amqp://refused"}`, publishLine(``), closeLine)
	if err != nil {
		t.Fatal(err)
	}
	const gone = `,"kind":"disconnected","message":"no connection is open"}`
	expectLines(t, lines, `{"type":"error","id":5`+gone, `{"type":"error","id":6`+gone,
		`{"type":"error","id":7,"kind":"disconnected","message":"no","code":403,"scope":"connection"}`,
		`{"type":"error","id":5`+gone, `{"type":"ok","id":99}`)
}

func TestASecondConnectClosesTheFirst(t *testing.T) {
	f := &fakeSession{}
	if _, err := converse(t, f, connectLine, connectLine); err != nil {
		t.Fatal(err)
	}
	expectLines(t, f.asked, "connect amqp://x", "close", "connect amqp://x", "close")
}

func TestTheEndOfTheInputClosesTheConnection(t *testing.T) {
	f := &fakeSession{}
	lines, err := converse(t, f, connectLine)
	if err != nil {
		t.Fatal(err)
	}
	expectLines(t, lines, `{"type":"ok","id":1}`)
	expectLines(t, f.asked, "connect amqp://x", "close")
}

func TestALineThatCannotBeAnsweredEndsThePeer(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"junk":          {"junk", "not one JSON value"},
		"an empty line": {"", "not one JSON value"},
		"no id":         {`{"op":"describe"}`, "'id'"},
		"id 0":          {`{"op":"describe","id":0}`, "/id"},
	} {
		t.Run(name, func(t *testing.T) {
			lines, err := converse(t, &fakeSession{}, connectLine, c.line, closeLine)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			expectLines(t, lines, `{"type":"ok","id":1}`)
		})
	}
	t.Run("an unfinished line", func(t *testing.T) {
		err := serve(t.Context(), fakeLibrary(&fakeSession{}), peertest.Contract(t), strings.NewReader(closeLine), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "within a line") {
			t.Errorf("got %v", err)
		}
	})
}

func TestALineThatBreaksTheContractIsNotWritten(t *testing.T) {
	var out strings.Builder
	o := protocol.NewOutput(peertest.Contract(t), &out)
	for _, line := range []any{
		protocol.Reply{Type: "done", ID: 1}, protocol.Reply{Type: "ok"},
		protocol.Failed{Reply: protocol.Reply{Type: "error", ID: 1}, Kind: "odd"},
	} {
		if err := o.Write(line); err == nil || !strings.Contains(err.Error(), "broke the contract") {
			t.Errorf("%+v: got %v", line, err)
		}
	}
	if err := o.Flush(); err != nil || out.String() != "" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestAnEventThatBreaksTheContractEndsThePeer(t *testing.T) {
	f := &fakeSession{}
	in, replies, end := startPeer(t.Context(), t, f)
	ask(t, in, replies, connectLine)
	f.told(protocol.Closed{Type: "closed", Scope: "world", Message: "m"})
	if err := <-end; err == nil || !strings.Contains(err.Error(), "broke the contract") {
		t.Errorf("got %v", err)
	}
}

func TestACloseIsToldWhileThePeerIsIdle(t *testing.T) {
	f := &fakeSession{}
	in, replies, end := startPeer(t.Context(), t, f)
	ask(t, in, replies, connectLine)
	go f.told(protocol.Closed{Type: "closed", Scope: "connection", Message: "m", Code: 320})
	if got := nextLine(t, replies); got != `{"type":"closed","scope":"connection","message":"m","code":320}` {
		t.Errorf("got %s", got)
	}
	ask(t, in, replies, closeLine)
	if err := <-end; err != nil {
		t.Error(err)
	}
}

func TestASignalClosesTheConnectionAndIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fakeSession{}
	in, replies, end := startPeer(ctx, t, f)
	ask(t, in, replies, connectLine)
	cancel()
	if err := <-end; err != nil {
		t.Error(err)
	}
	expectLines(t, f.asked, "connect amqp://x", "close")
}

// countedWriter counts the writes that reach the pipe.
type countedWriter struct{ writes int }

func (c *countedWriter) Write(octets []byte) (int, error) {
	c.writes++
	return len(octets), nil
}

func TestRepliesToRequestsThatCameTogetherAreWrittenTogether(t *testing.T) {
	var out countedWriter
	lines := strings.Repeat(publishLine(``)+"\n", 50) // in one piece
	err := serve(t.Context(), fakeLibrary(&fakeSession{}), peertest.Contract(t), strings.NewReader(connectLine+"\n"+lines), &out)
	if err != nil || out.writes != 1 {
		t.Errorf("%d writes, %v; want 1", out.writes, err)
	}
}

// startPeer serves in the background, with pipes as its streams.
func startPeer(ctx context.Context, t *testing.T, f *fakeSession) (io.Writer, <-chan string, <-chan error) {
	t.Helper()
	requests, in := io.Pipe()
	out, replies := io.Pipe()
	t.Cleanup(func() { in.Close(); out.Close() })
	lines, end := make(chan string), make(chan error, 1)
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	c := peertest.Contract(t)
	go func() { end <- serve(ctx, fakeLibrary(f), c, requests, replies) }()
	return in, lines, end
}

// ask writes a request and waits for the ok with its id.
func ask(t *testing.T, in io.Writer, replies <-chan string, line string) {
	t.Helper()
	if _, err := io.WriteString(in, line+"\n"); err != nil {
		t.Fatal(err)
	}
	var want, got protocol.Reply
	reply := nextLine(t, replies)
	if json.Unmarshal([]byte(line), &want) != nil || json.Unmarshal([]byte(reply), &got) != nil ||
		got.Type != "ok" || got.ID != want.ID {
		t.Fatalf("got %s for %s", reply, line)
	}
}

func nextLine(t *testing.T, replies <-chan string) string {
	t.Helper()
	select {
	case line := <-replies:
		return line
	case <-time.After(10 * time.Second):
		t.Fatal("no line in 10 s")
		return ""
	}
}
