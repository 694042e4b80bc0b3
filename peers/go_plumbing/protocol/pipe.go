package protocol

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"go_plumbing/contract"
)

// Arrival is one line of the input: a request, or what is wrong with it and its id, 0 if it cannot be read.
type Arrival struct {
	Request Request
	ID      uint64
	Err     error
	more    bool // a further line had arrived together with this one
}

// read checks and decodes the lines of in, ahead of the peer, until in ends; then it closes arrivals.
func read(ctx context.Context, c *contract.Contract, in *bufio.Reader, arrivals chan<- Arrival) {
	defer close(arrivals)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return
		}
		a := Decode(c, line)
		if err != nil {
			a = Arrival{Err: fmt.Errorf("the input ended within a line: %w", err)}
		}
		waiting, _ := in.Peek(in.Buffered())
		a.more = bytes.IndexByte(waiting, '\n') >= 0
		select {
		case arrivals <- a:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Decode checks one line and reads the request that it holds.
func Decode(c *contract.Contract, line []byte) Arrival {
	document, err := contract.Check(c.Requests, line)
	if err == nil {
		op, _ := document.(map[string]any)["op"].(string)
		var decoded Request
		if decoded, err = decodeRequest(op, line); err == nil {
			return Arrival{Request: decoded}
		}
	}
	return Arrival{ID: requestID(line), Err: err}
}

// Output writes the peer's lines, from any goroutine. Every one is checked against the contract: a peer that
// breaks it stops.
type Output struct {
	contract *contract.Contract
	due      chan struct{} // holds one if somebody asked for a flush that was not made yet
	mutex    sync.Mutex
	buffer   *bufio.Writer
}

// NewOutput checks lines against c and writes them to out.
func NewOutput(c *contract.Contract, out io.Writer) *Output {
	return &Output{contract: c, due: make(chan struct{}, 1), buffer: bufio.NewWriterSize(out, 1<<16)}
}

// Write takes a line. It goes out with the next flush, or when much has gathered.
func (o *Output) Write(message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := contract.Check(o.contract.Lines, line); err != nil {
		return fmt.Errorf("this peer broke the contract with %s: %w", line, err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	_, err = o.buffer.Write(append(line, '\n'))
	return err
}

// Flush writes all that was taken.
func (o *Output) Flush() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Flush()
}

// Soon asks for a flush and does not wait for it. What is taken while one is under way goes out together in the
// next: a single line leaves at once, a flood of them in few writes.
func (o *Output) Soon() {
	select {
	case o.due <- struct{}{}:
	default:
	}
}

// flushSoon makes the flushes that were asked for, until ctx ends; abort hears of one that fails.
func (o *Output) flushSoon(ctx context.Context, abort func(error)) {
	for {
		select {
		case <-o.due:
			if err := o.Flush(); err != nil {
				abort(err)
			}
		case <-ctx.Done():
			return
		}
	}
}
