package protocol

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"go_plumbing/contract"
)

// Peer does what requests ask for, with one library.
type Peer interface {
	// Meet does it and is the reply; an error becomes an error reply. What must come after the reply is done by
	// then, which may be nil.
	Meet(Request) (line any, then func(), err error)
	// Disconnect closes the connection if there is one.
	Disconnect() error
}

// Lines is where a peer puts its events.
type Lines struct {
	output *Output
	abort  func(error)
}

// NewLines writes events to output; abort hears what ends the peer.
func NewLines(output *Output, abort func(error)) *Lines { return &Lines{output, abort} }

// Event takes an event, to go out soon.
func (l *Lines) Event(event any) {
	if err := l.output.Write(event); err != nil {
		l.abort(err)
		return
	}
	l.output.Soon()
}

// Serve answers the requests on in, with the peer that made makes, until one of them is close, in ends, or ctx
// does. An error is a fault of one side against the contract, or of the pipe.
func Serve(
	ctx context.Context, c *contract.Contract, in io.Reader, out io.Writer, made func(*Lines) Peer,
) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	output := NewOutput(c, out)
	p := made(NewLines(output, abort))
	defer output.Flush()
	defer p.Disconnect()
	go output.flushSoon(ctx, abort)
	arrivals := make(chan Arrival, 256)
	go read(ctx, c, bufio.NewReaderSize(in, 1<<16), arrivals)
	for {
		select {
		case <-ctx.Done():
			return interruption(ctx)
		case a, open := <-arrivals:
			if !open {
				return nil
			}
			if last, err := Answer(p, output, a); last || err != nil {
				return err
			}
		}
	}
}

// interruption is why ctx ended; a signal is a reason to stop and no error.
func interruption(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// Answer replies to one arrival, and flushes if no further line is waiting. It is the last if it was close.
func Answer(p Peer, output *Output, a Arrival) (last bool, err error) {
	if a.Err != nil && a.ID == 0 {
		return true, fmt.Errorf("a line that is no request, and has no id to answer to: %w", a.Err)
	}
	line, then := answer(p, a)
	if err := output.Write(line); err != nil {
		return true, err
	}
	if then != nil {
		then()
	}
	_, last = a.Request.(*Close)
	if last || !a.more {
		return last, output.Flush()
	}
	return last, nil
}

func answer(p Peer, a Arrival) (line any, then func()) {
	if a.Err != nil {
		return FailedReply(a.ID, fmt.Errorf("not a request: %w", a.Err)), nil
	}
	line, then, err := p.Meet(a.Request)
	if err != nil {
		return FailedReply(a.Request.Identity().ID, err), nil
	}
	return line, then
}
