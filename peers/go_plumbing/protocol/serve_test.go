package protocol

import (
	"errors"
	"io"
	"strings"
	"testing"

	"go_plumbing/contract"
)

func testContract(t testing.TB) *contract.Contract {
	t.Helper()
	c, err := contract.Load("../../../contract/schema")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// echo answers ok to all, with an event after each; what it was asked is counted.
type echo struct {
	lines *Lines
	met   int
	gone  bool
}

func (e *echo) Meet(r Request) (any, func(), error) {
	e.met++
	event := Closed{Type: "closed", Scope: "channel", Message: "m"}
	return Reply{"ok", r.Identity().ID}, func() { e.lines.Event(event) }, nil
}

func (e *echo) Disconnect() error {
	e.gone = true
	return nil
}

// served is what a peer wrote, and how it ended.
func served(t *testing.T, lines string) (e *echo, written string, err error) {
	t.Helper()
	var out strings.Builder
	e = &echo{}
	err = Serve(t.Context(), testContract(t), strings.NewReader(lines), &out, func(l *Lines) Peer {
		e.lines = l
		return e
	})
	return e, out.String(), err
}

func TestWhatComesAfterAReplyIsWrittenAfterIt(t *testing.T) {
	e, got, err := served(t, `{"op":"describe","id":1}`+"\n"+`{"op":"close","id":2}`+"\n"+`{"op":"describe","id":3}`+"\n")
	const event = `{"type":"closed","scope":"channel","message":"m"}` + "\n"
	if want := `{"type":"ok","id":1}` + "\n" + event + `{"type":"ok","id":2}` + "\n" + event; got != want || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if e.met != 2 || !e.gone {
		t.Errorf("it met %d requests, gone: %t", e.met, e.gone)
	}
}

func TestALineThatHoldsNoRequestIsAnsweredIfItHasAnID(t *testing.T) {
	_, got, err := served(t, `{"op":"purge","id":1}`+"\n")
	if !strings.HasPrefix(got, `{"type":"error","id":1,"kind":"bug","message":"not a request: `) || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, got, err := served(t, "junk\n"); got != "" || err == nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEveryRequestOfTheContractIsKnown(t *testing.T) {
	c := testContract(t)
	for op, made := range requestTypes {
		if a := Decode(c, []byte(`{"op":"`+op+`","id":1}`)); a.Err != nil && strings.Contains(a.Err.Error(), "/op") {
			t.Errorf("%s: %v", op, a.Err)
		}
		if made().Identity() != (Header{}) {
			t.Errorf("%s: a request that was not read has a header", op)
		}
	}
}

// broken is a pipe whose reader is gone.
type broken struct{ io.Writer }

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestAnEventThatCannotBeWrittenEndsThePeer(t *testing.T) {
	in, requests := io.Pipe()
	defer requests.Close()
	err := Serve(t.Context(), testContract(t), in, broken{}, func(l *Lines) Peer {
		go l.Event(Closed{Type: "closed", Scope: "channel", Message: "m"})
		return &echo{lines: l}
	})
	if err == nil || err.Error() != "gone" {
		t.Errorf("got %v", err)
	}
}
