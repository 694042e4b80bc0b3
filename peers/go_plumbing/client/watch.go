package client

import (
	"sync"
	"sync/atomic"
	"time"

	"go_plumbing/protocol"
)

// Watch is what the broker said of a connection and its channel outside of any answer. One goroutine, the
// follower, writes it; the session reads it and waits for it. A role adds what it watches for.
type Watch struct {
	told    func(protocol.Closed)
	closing atomic.Bool   // we asked for the connection to be closed
	done    chan struct{} // closed when nothing more can come

	mutex   sync.Mutex
	changed chan struct{} // closed at the next change, and replaced
	lost    *protocol.Failure
}

// NewWatch makes a watch; told hears of what closes unasked, from the follower's goroutine.
func NewWatch(told func(protocol.Closed)) *Watch {
	return &Watch{told: told, done: make(chan struct{}), changed: make(chan struct{})}
}

// Closes are the channels on which a library tells of closes. One that the library has closed becomes nil.
type Closes[Err ErrorOf] struct {
	Connection, Channel chan *Err
	connectionIsClosed  func() bool
}

// Open is whether something may still come.
func (c *Closes[_]) Open() bool { return c.Connection != nil || c.Channel != nil }

// OnConnection takes what came of Connection.
func (c *Closes[Err]) OnConnection(w *Watch, reason *Err, open bool) {
	if !open {
		c.Connection = nil
	} else {
		w.closed("connection", Error(*reason))
	}
}

// OnChannel takes what came of Channel. With the connection closed it is the connection's reason over again.
func (c *Closes[Err]) OnChannel(w *Watch, reason *Err, open bool) {
	if !open {
		c.Channel = nil
	} else if !c.connectionIsClosed() {
		w.closed("channel", Error(*reason))
	}
}

// closed tells of a close that the broker or the network made. While we close the connection ourselves, the
// library can take the end of the socket for a fault: that is not one.
func (w *Watch) closed(scope string, reason Error) {
	if w.closing.Load() && !reason.Server {
		return
	}
	lost := disconnected(scope, reason, reason.Reason)
	w.told(protocol.Closed{Type: "closed", Scope: scope, Message: lost.Message, Code: lost.Code})
	w.Change(func() { w.lost = lost })
}

// End says that nothing more can come.
func (w *Watch) End() { close(w.done) }

// Done is closed when nothing more can come.
func (w *Watch) Done() <-chan struct{} { return w.done }

// Lost is why channel or connection are gone, nil if they are not. The mutex must be held, as in Await's holds.
func (w *Watch) Lost() *protocol.Failure { return w.lost }

// Fault waits for the reason why channel or connection are gone; nil if none was told before the deadline.
func (w *Watch) Fault(deadline time.Duration) *protocol.Failure {
	w.Await(deadline, func() bool { return w.lost != nil })
	var lost *protocol.Failure
	w.Look(func() { lost = w.lost })
	return lost
}

// Wait waits until nothing more can come.
func (w *Watch) Wait(deadline time.Duration) {
	select {
	case <-w.done:
	case <-time.After(deadline):
	}
}

// Look calls read with the mutex held.
func (w *Watch) Look(read func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	read()
}

// Change calls set with the mutex held, and wakes those who wait.
func (w *Watch) Change(set func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	set()
	close(w.changed)
	w.changed = make(chan struct{})
}

// Await waits until holds, which is called with the mutex held. It is false if the deadline came first.
func (w *Watch) Await(deadline time.Duration, holds func() bool) bool {
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	for {
		w.mutex.Lock()
		held, changed := holds(), w.changed
		w.mutex.Unlock()
		if held {
			return true
		}
		select {
		case <-changed:
		case <-w.done:
			w.mutex.Lock()
			defer w.mutex.Unlock()
			return holds()
		case <-timer.C:
			return false
		}
	}
}
