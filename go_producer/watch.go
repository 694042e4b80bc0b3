package main

import (
	"fmt"
	"time"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// watch is what the broker said of a channel outside of any answer: confirms, returns, closes. follow
// writes it, the session reads it and waits for it.
type watch struct {
	*client.Watch
	forget chan struct{} // asks follow to drop what was returned so far

	// With the mutex of Watch:
	tag      uint64 // the last delivery tag that was settled; the libraries tell them in order
	acked    bool
	returned *rejection
}

func newWatch(closes *client.Watch) *watch {
	return &watch{Watch: closes, forget: make(chan struct{})}
}

// notices are the channels on which a library tells. Those of confirms and returns hold nothing back, so
// they are read in the order in which the library met the frames.
type notices[Err client.ErrorOf, Confirmation confirmationOf, Return any] struct {
	closes    client.Closes[Err]
	confirmed chan Confirmation
	returned  chan Return
}

// follow keeps watch until the library has closed all its notices. It never blocks the library for longer
// than it takes to write an event.
func follow[Err client.ErrorOf, Confirmation confirmationOf, Return any](
	w *watch, n notices[Err, Confirmation, Return], rejected func(Return) rejection,
) {
	defer w.End()
	for n.closes.Open() || n.confirmed != nil || n.returned != nil {
		select {
		case reason, open := <-n.closes.Connection:
			n.closes.OnConnection(w.Watch, reason, open)
		case reason, open := <-n.closes.Channel:
			n.closes.OnChannel(w.Watch, reason, open)
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
			w.Change(func() { w.returned = nil })
		}
	}
}

func (w *watch) confirmed(c confirmation) {
	w.Change(func() { w.tag, w.acked = c.DeliveryTag, c.Ack })
}

func (w *watch) rejected(r rejection) {
	w.Change(func() { w.returned = &r })
}

// forgetReturns drops every return that the library has met. That is follow's to do: it may have one in its
// hands.
func (w *watch) forgetReturns() {
	select {
	case w.forget <- struct{}{}:
	case <-w.Done():
	}
}

// last is the word on the last settled message.
func (w *watch) last() (word outcome) {
	w.Look(func() { word = outcome{w.acked, w.returned} })
	return word
}

// settled waits until the broker has settled tag. No answer is the library's refusal: it cannot say more.
func (w *watch) settled(tag uint64, deadline time.Duration) error {
	if !w.Await(deadline, func() bool { return w.tag >= tag || w.Lost() != nil }) {
		return &protocol.Failure{Kind: "refused", Message: fmt.Sprintf("no confirm in %s", deadline)}
	}
	var lost error
	w.Look(func() {
		if w.tag < tag {
			lost = w.Lost()
		}
	})
	return lost
}
