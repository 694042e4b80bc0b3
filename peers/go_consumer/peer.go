package main

import (
	"go_plumbing/client"
	"go_plumbing/protocol"
)

// peer answers requests, one after the other, with one library.
type peer struct {
	client.Peer[session]
	library *library
	tell    func(event any)
}

// newPeer makes a peer; tell takes its events, from any goroutine.
func newPeer(l *library, tell func(event any)) *peer {
	connect := func(url string) (session, error) { return l.connect(url, tell) }
	return &peer{client.Peer[session]{Library: &l.Library, Connect: connect}, l, tell}
}

// Meet implements protocol.Peer.
func (p *peer) Meet(r protocol.Request) (line any, then func(), err error) {
	switch r := r.(type) {
	case *protocol.Describe:
		line, err = p.library.Describe(r.ID)
	case *protocol.Consume:
		line = client.Ok(r)
		err = p.Declare(r.Arguments, func(s session, table map[string]any) (err error) {
			then, err = s.consume(r, table)
			return err
		})
	case *protocol.Get:
		return p.get(r)
	case *protocol.Cancel, *protocol.Ack, *protocol.Nack, *protocol.Reject:
		line, err = client.Ok(r), p.ask(r)
	default:
		line, err = p.Peer.Meet(r)
	}
	return line, then, err
}

func (p *peer) get(r *protocol.Get) (line any, then func(), err error) {
	s, err := p.Session()
	if err != nil {
		return nil, nil, err
	}
	message, err := s.get(string(r.Queue))
	if err != nil {
		return nil, nil, err
	}
	if message == nil {
		return protocol.Reply{Type: "empty", ID: r.ID}, nil, nil
	}
	return client.Ok(r), func() { p.tell(message) }, nil
}

// ask has the session do what a request asks for, where all that there is to say of it is ok.
func (p *peer) ask(r protocol.Request) error {
	s, err := p.Session()
	if err != nil {
		return err
	}
	switch r := r.(type) {
	case *protocol.Cancel:
		return s.cancel(string(r.Queue))
	case *protocol.Ack:
		return s.ack(r.DeliveryTag, r.Multiple)
	case *protocol.Nack:
		return s.nack(r.DeliveryTag, r.Multiple, orTrue(r.Requeue))
	case *protocol.Reject:
		return s.reject(r.DeliveryTag, orTrue(r.Requeue))
	}
	return nil
}

func orTrue(flag *bool) bool { return flag == nil || *flag }
