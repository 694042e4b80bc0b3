package main

import (
	"context"
	"io"
	"maps"
	"slices"

	"go_plumbing/client"
	"go_plumbing/contract"
	"go_plumbing/protocol"
)

// peerCommand reads the flags of peer mode and serves until it is closed or its input ends.
func peerCommand(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	known := slices.Collect(maps.Keys(libraries))
	name, c, err := protocol.Command("go_producer", known, args, errout)
	if err != nil {
		return err
	}
	return serve(ctx, libraries[name], c, in, out)
}

func serve(ctx context.Context, l *library, c *contract.Contract, in io.Reader, out io.Writer) error {
	return protocol.Serve(ctx, c, in, out, func(lines *protocol.Lines) protocol.Peer {
		return newPeer(l, func(event protocol.Closed) { lines.Event(event) })
	})
}

// peer answers requests, one after the other, with one library.
type peer struct {
	client.Peer[session]
	library *library
}

// newPeer makes a peer; told hears of what closes unasked.
func newPeer(l *library, told func(protocol.Closed)) *peer {
	connect := func(url string) (session, error) { return l.connect(url, told) }
	return &peer{client.Peer[session]{Library: &l.Library, Connect: connect}, l}
}

// Meet implements protocol.Peer.
func (p *peer) Meet(r protocol.Request) (line any, then func(), err error) {
	switch r := r.(type) {
	case *protocol.Describe:
		line, err = p.library.describe(r.ID)
	case *protocol.Publish:
		line, err = p.publish(r)
	default:
		line, err = p.Peer.Meet(r)
	}
	return line, nil, err
}

func (p *peer) publish(r *protocol.Publish) (any, error) {
	properties, err := propertiesOf(r.Message, p.library.Dialect)
	if err != nil {
		return nil, err
	}
	body, err := octetsOf(r.Message.Body)
	if err != nil {
		return nil, err
	}
	session, err := p.Session()
	if err != nil {
		return nil, err
	}
	message := publication{string(r.Exchange), string(r.RoutingKey), r.Mandatory, properties, body}
	if !r.Confirm {
		return client.Ok(r), session.publish(message)
	}
	word, err := session.confirm(message)
	if err != nil {
		return nil, err
	}
	return word.line(r.ID), nil
}

// returned is the reply to a publish whose message the broker returned.
type returned struct {
	protocol.Reply
	Code uint16        `json:"code"`
	Text protocol.Text `json:"text"`
}

// line is the reply that an outcome makes. A returned message is acked too: the return is the news.
func (o outcome) line(id uint64) any {
	switch {
	case o.returned != nil:
		return returned{protocol.Reply{Type: "returned", ID: id}, o.returned.code, protocol.Text(o.returned.text)}
	case o.acked:
		return protocol.Reply{Type: "confirmed", ID: id}
	default:
		return protocol.Reply{Type: "nacked", ID: id}
	}
}
