package client

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"go_plumbing/protocol"
)

// Library is a client library in one role: who it is, and what it can express.
type Library struct {
	Name, Module string
	Dialect      Dialect
	// Role is what it is asked to be here, and Other what it cannot be asked in this program.
	Role, Other string
}

// defaults is declared by all: QueueDeclare takes every flag, and Go has no value for one that is left out.
const defaults = "declare_queue:defaults"

// Describe is the library's account of itself, without the wire types that it can be told to send. lacking are
// names of what it cannot express beside the other role, types, order, duplicates and late times: Go's maps have
// no order, so the order of headers is any.
func (l *Library) Describe(id uint64, lacking ...string) (protocol.Described, error) {
	version, err := moduleVersion(l.Module)
	names := append([]string{"role:" + l.Other, "key-order", "duplicate-keys", "range:timestamp", defaults}, lacking...)
	_, missing := l.Dialect.Types()
	for _, name := range missing {
		names = append(names, "type:"+name)
	}
	slices.Sort(names)
	return protocol.Described{
		Reply: protocol.Reply{Type: "described", ID: id}, Library: l.Name, Version: version, Language: "go",
		Runtime: runtime.Version(), Roles: []string{l.Role}, Types: []string{}, Unsupported: names,
	}, err
}

// unversioned is the version of a module that was taken from a folder: its sources do not say one.
const unversioned = "devel"

// moduleVersion is the release of a module that is linked into this program, without the leading v.
func moduleVersion(module string) (string, error) {
	build, _ := debug.ReadBuildInfo()
	if build != nil {
		for _, dependency := range build.Deps {
			if dependency.Path == module && dependency.Replace != nil {
				return unversioned, nil
			}
			if dependency.Path == module {
				return strings.TrimPrefix(dependency.Version, "v"), nil
			}
		}
	}
	return "", fmt.Errorf("the build information does not name %s", module)
}

// Session is an open connection with one channel. Errors are *protocol.Failure where the protocol has a kind for
// them.
type Session interface {
	DeclareExchange(request *protocol.DeclareExchange, arguments map[string]any) error
	DeclareQueue(request *protocol.DeclareQueue, arguments map[string]any) error
	Bind(request *protocol.Bind, arguments map[string]any) error
	// Close closes the connection; one that is closed already is no error.
	Close() error
}

// Peer is what a peer of either role does alike: it connects, declares and disconnects.
type Peer[S Session] struct {
	Library *Library
	Connect func(url string) (S, error)
	session S
	open    bool
}

// Ok is the reply that says: done.
func Ok(r protocol.Request) protocol.Reply { return protocol.Reply{Type: "ok", ID: r.Identity().ID} }

// Meet does what a request asks for that is of neither role, and is the reply. Any other is the other role's.
func (p *Peer[S]) Meet(r protocol.Request) (any, error) {
	switch r := r.(type) {
	case *protocol.Connect:
		return Ok(r), p.connect(r.URL)
	case *protocol.DeclareExchange:
		return Ok(r), p.Declare(r.Arguments, func(s S, table map[string]any) error {
			return s.DeclareExchange(r, table)
		})
	case *protocol.DeclareQueue:
		if r.Defaults {
			return nil, protocol.Unsupported(defaults)
		}
		return Ok(r), p.Declare(r.Arguments, func(s S, table map[string]any) error {
			return s.DeclareQueue(r, table)
		})
	case *protocol.Bind:
		return Ok(r), p.Declare(r.Arguments, func(s S, table map[string]any) error {
			return s.Bind(r, table)
		})
	case *protocol.Close:
		return Ok(r), p.Disconnect()
	default:
		return nil, protocol.Unsupported("role:" + p.Library.Other)
	}
}

func (p *Peer[S]) connect(url string) error {
	if err := p.Disconnect(); err != nil {
		return err
	}
	opened, err := p.Connect(url)
	if err != nil {
		return err
	}
	p.session, p.open = opened, true
	return nil
}

// Disconnect closes the connection if there is one.
func (p *Peer[_]) Disconnect() error {
	if !p.open {
		return nil
	}
	p.open = false
	return p.session.Close()
}

// Session is the open session. Without one there is nothing to ask.
func (p *Peer[S]) Session() (S, error) {
	if !p.open {
		var none S
		return none, &protocol.Failure{Kind: "disconnected", Message: "no connection is open"}
	}
	return p.session, nil
}

// Declare does something that needs a table of arguments.
func (p *Peer[S]) Declare(arguments protocol.TypedValue, do func(S, map[string]any) error) error {
	table, err := p.Library.Dialect.Arguments(arguments)
	if err != nil {
		return err
	}
	session, err := p.Session()
	if err != nil {
		return err
	}
	return do(session, table)
}
