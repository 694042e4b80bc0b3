package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// arrival is one line of the input: a request, or what is wrong with it and its id, 0 if it cannot be read.
type arrival struct {
	request request
	id      uint64
	err     error
	more    bool // a further line had arrived together with this one
}

// read checks and decodes the lines of in, ahead of the peer, until in ends; then it closes arrivals.
func read(ctx context.Context, c *contract, in *bufio.Reader, arrivals chan<- arrival) {
	defer close(arrivals)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return
		}
		a := decodeArrival(c, line)
		if err != nil {
			a = arrival{err: fmt.Errorf("the input ended within a line: %w", err)}
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

func decodeArrival(c *contract, line []byte) arrival {
	document, err := checkLine(c.requests, line)
	if err == nil {
		op, _ := document.(map[string]any)["op"].(string)
		var decoded request
		if decoded, err = decodeRequest(op, line); err == nil {
			return arrival{request: decoded}
		}
	}
	return arrival{id: requestID(line), err: err}
}

// output writes the peer's lines. Every one is checked against the contract: a peer that breaks it stops.
type output struct {
	contract *contract
	mutex    sync.Mutex
	buffer   *bufio.Writer
}

func newOutput(c *contract, out io.Writer) *output {
	return &output{contract: c, buffer: bufio.NewWriterSize(out, 1<<16)}
}

func (o *output) write(message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := checkLine(o.contract.lines, line); err != nil {
		return fmt.Errorf("this peer broke the contract with %s: %w", line, err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	_, err = o.buffer.Write(append(line, '\n'))
	return err
}

func (o *output) flush() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.buffer.Flush()
}
