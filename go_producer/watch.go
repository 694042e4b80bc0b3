package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// watch is what the broker said of a channel outside of any answer: confirms, returns, closes. follow
// writes it, the session reads it and waits for it.
type watch struct {
	told    func(closedEvent)
	closing atomic.Bool   // we asked for the connection to be closed
	forget  chan struct{} // asks follow to drop what was returned so far
	done    chan struct{} // closed when nothing more can come

	mutex    sync.Mutex
	changed  chan struct{} // closed at the next change, and replaced
	tag      uint64        // the last delivery tag that was settled; the libraries tell them in order
	acked    bool
	returned *rejection
	lost     *failure
}

func newWatch(told func(closedEvent)) *watch {
	return &watch{
		told: told, forget: make(chan struct{}), done: make(chan struct{}), changed: make(chan struct{}),
	}
}

// notices are the channels on which a library tells. Those of confirms and returns hold nothing back, so
// they are read in the order in which the library met the frames.
type notices[Error errorOf, Confirmation confirmationOf, Return any] struct {
	connectionClosed, channelClosed chan *Error
	confirmed                       chan Confirmation
	returned                        chan Return
}

// follow keeps watch until the library has closed all its notices. It never blocks the library for longer
// than it takes to write an event.
func follow[Error errorOf, Confirmation confirmationOf, Return any](
	w *watch, connectionIsClosed func() bool, n notices[Error, Confirmation, Return],
	rejected func(Return) rejection,
) {
	defer close(w.done)
	for n.connectionClosed != nil || n.channelClosed != nil || n.confirmed != nil || n.returned != nil {
		select {
		case reason, open := <-n.connectionClosed:
			if !open {
				n.connectionClosed = nil
			} else {
				w.closed("connection", libraryError(*reason))
			}
		case reason, open := <-n.channelClosed:
			if !open {
				n.channelClosed = nil
			} else if !connectionIsClosed() { // else it is the connection's reason over again
				w.closed("channel", libraryError(*reason))
			}
		case settled, open := <-n.confirmed:
			if !open {
				n.confirmed = nil
			} else {
				w.confirmed(confirmation(settled))
			}
		case message, open := <-n.returned:
			if !open {
				n.returned = nil
			} else {
				w.rejected(rejected(message))
			}
		case <-w.forget:
			w.change(func() { w.returned = nil })
		}
	}
}

// closed tells of a close that the broker or the network made. While we close the connection ourselves, the
// library can take the end of the socket for a fault: that is not one.
func (w *watch) closed(scope string, reason libraryError) {
	if w.closing.Load() && !reason.Server {
		return
	}
	lost := disconnected(scope, reason, reason.Reason)
	w.told(closedEvent{"closed", scope, lost.message, lost.code})
	w.change(func() { w.lost = lost })
}

func (w *watch) confirmed(c confirmation) {
	w.change(func() { w.tag, w.acked = c.DeliveryTag, c.Ack })
}

func (w *watch) rejected(r rejection) {
	w.change(func() { w.returned = &r })
}

// forgetReturns drops every return that the library has met. That is follow's to do: it may have one in its
// hands.
func (w *watch) forgetReturns() {
	select {
	case w.forget <- struct{}{}:
	case <-w.done:
	}
}

// last is the word on the last settled message.
func (w *watch) last() outcome {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return outcome{w.acked, w.returned}
}

// settled waits until the broker has settled tag. No answer is the library's refusal: it cannot say more.
func (w *watch) settled(tag uint64, deadline time.Duration) error {
	if !w.await(deadline, func() bool { return w.tag >= tag || w.lost != nil }) {
		return &failure{kind: "refused", message: fmt.Sprintf("no confirm in %s", deadline)}
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.tag < tag {
		return w.lost
	}
	return nil
}

// fault waits for the reason why channel or connection are gone; nil if none was told before the deadline.
func (w *watch) fault(deadline time.Duration) *failure {
	w.await(deadline, func() bool { return w.lost != nil })
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.lost
}

// wait waits until nothing more can come.
func (w *watch) wait(deadline time.Duration) {
	select {
	case <-w.done:
	case <-time.After(deadline):
	}
}

func (w *watch) change(set func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	set()
	close(w.changed)
	w.changed = make(chan struct{})
}

// await waits until holds, which is called with the mutex held. It is false if the deadline came first.
func (w *watch) await(deadline time.Duration, holds func() bool) bool {
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
