package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// peerCommand reads the flags of peer mode and serves until it is closed or its input ends.
func peerCommand(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	known := slices.Sorted(maps.Keys(libraries))
	flags := flag.NewFlagSet("go_producer peer", flag.ContinueOnError)
	name := flags.String("library", "", "the client library: "+strings.Join(known, " or "))
	schema := flags.String("schema", "", "the folder contract/schema")
	if err := parse(flags, args, errout); err != nil {
		return err
	}
	chosen, ok := libraries[*name]
	if !ok {
		return usageError{fmt.Errorf("unknown --library %q; known: %s", *name, strings.Join(known, ", "))}
	}
	if *schema == "" {
		return usageError{errors.New("--schema is missing: the folder contract/schema")}
	}
	contract, err := loadContract(*schema)
	if err != nil {
		return err
	}
	return serve(ctx, chosen, contract, in, out)
}

// peer answers requests, one after the other, with one library.
type peer struct {
	library *library
	output  *output
	session session // nil without a connection
	abort   context.CancelCauseFunc
}

// serve answers the requests on in until one of them is close, in ends, or ctx does. An error is a fault of
// one side against the contract, or of the pipe.
func serve(ctx context.Context, l *library, c *contract, in io.Reader, out io.Writer) error {
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	p := &peer{library: l, output: newOutput(c, out), abort: abort}
	defer p.disconnect()
	defer p.output.flush()
	arrivals := make(chan arrival, 256)
	go read(ctx, c, bufio.NewReaderSize(in, 1<<16), arrivals)
	for {
		select {
		case <-ctx.Done():
			return interruption(ctx)
		case a, open := <-arrivals:
			if !open {
				return nil
			}
			if last, err := p.answer(a); last || err != nil {
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

// answer replies to one arrival, and flushes if no further line is waiting. It is the last if it was close.
func (p *peer) answer(a arrival) (last bool, err error) {
	if a.err != nil && a.id == 0 {
		return true, fmt.Errorf("a line that is no request, and has no id to answer to: %w", a.err)
	}
	var line any
	if a.err != nil {
		line = failedReply(a.id, fmt.Errorf("not a request: %w", a.err))
	} else {
		line = p.meet(a.request)
		_, last = a.request.(*closing)
	}
	if err := p.output.write(line); err != nil {
		return true, err
	}
	if last || !a.more {
		return last, p.output.flush()
	}
	return last, nil
}

// meet does what a request asks for, and is the reply.
func (p *peer) meet(r request) any {
	id := r.identity().ID
	line, err := p.reply(id, r)
	if err != nil {
		return failedReply(id, err)
	}
	return line
}

func (p *peer) reply(id uint64, r request) (any, error) {
	ok := reply{"ok", id}
	switch r := r.(type) {
	case *describe:
		return p.library.describe(id)
	case *connect:
		return ok, p.connect(r.URL)
	case *declareExchange:
		return ok, p.declare(r.Arguments, func(s session, table map[string]any) error {
			return s.declareExchange(r, table)
		})
	case *declareQueue:
		return ok, p.declare(r.Arguments, func(s session, table map[string]any) error {
			return s.declareQueue(r, table)
		})
	case *bind:
		return ok, p.declare(r.Arguments, func(s session, table map[string]any) error {
			return s.bind(r, table)
		})
	case *publish:
		return p.publish(id, r)
	case *closing:
		return ok, p.disconnect()
	default:
		return nil, unsupported("role:consumer")
	}
}

func (p *peer) connect(url string) error {
	if err := p.disconnect(); err != nil {
		return err
	}
	opened, err := p.library.connect(url, p.closed)
	if err != nil {
		return err
	}
	p.session = opened
	return nil
}

// disconnect closes the connection if there is one.
func (p *peer) disconnect() error {
	if p.session == nil {
		return nil
	}
	open := p.session
	p.session = nil
	return open.close()
}

// closed writes the event of a close; it is called from the session's own goroutine.
func (p *peer) closed(event closedEvent) {
	err := p.output.write(event)
	if err == nil {
		err = p.output.flush()
	}
	if err != nil {
		p.abort(err)
	}
}

// connected is the open session. Without one there is nothing to ask.
func (p *peer) connected() (session, error) {
	if p.session == nil {
		return nil, &failure{kind: "disconnected", message: "no connection is open"}
	}
	return p.session, nil
}

func (p *peer) declare(arguments typedValue, do func(session, map[string]any) error) error {
	table, err := p.library.dialect.arguments(arguments)
	if err != nil {
		return err
	}
	session, err := p.connected()
	if err != nil {
		return err
	}
	return do(session, table)
}

func (p *peer) publish(id uint64, r *publish) (any, error) {
	properties, err := r.Message.propertiesOf(p.library.dialect)
	if err != nil {
		return nil, err
	}
	body, err := r.Message.Body.octets()
	if err != nil {
		return nil, err
	}
	session, err := p.connected()
	if err != nil {
		return nil, err
	}
	message := publication{string(r.Exchange), string(r.RoutingKey), r.Mandatory, properties, body}
	if !r.Confirm {
		return reply{"ok", id}, session.publish(message)
	}
	word, err := session.confirm(message)
	if err != nil {
		return nil, err
	}
	return word.line(id), nil
}

// line is the reply that an outcome makes. A returned message is acked too: the return is the news.
func (o outcome) line(id uint64) any {
	switch {
	case o.returned != nil:
		return returned{reply{"returned", id}, o.returned.code, text(o.returned.text)}
	case o.acked:
		return reply{"confirmed", id}
	default:
		return reply{"nacked", id}
	}
}
