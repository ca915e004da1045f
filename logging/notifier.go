package logging

import "context"

// errorsKept is how many errors wait for a busy OnError; more are not told.
const errorsKept = 16

// A notifier calls OnError on a goroutine of its own, so that neither producers
// nor the worker wait for it, and so that OnError may log: on the worker, a
// record that waits for room would wait for ever. The nil notifier tells nobody.
type notifier struct {
	onError func(error)
	pending chan error
	done    chan struct{}
}

func startNotifier(onError func(error)) *notifier {
	if onError == nil {
		return nil
	}
	n := &notifier{onError: onError, pending: make(chan error, errorsKept), done: make(chan struct{})}
	go n.run()
	return n
}

func (n *notifier) run() {
	defer close(n.done)
	for err := range n.pending {
		n.call(err)
	}
}

// call survives a panic of OnError: there is nobody left to tell.
func (n *notifier) call(err error) {
	defer func() { _ = recover() }()
	n.onError(err)
}

// tell hands err over if there is room. The worker alone calls tell and stop.
func (n *notifier) tell(err error) {
	if n == nil {
		return
	}
	select {
	case n.pending <- err:
	default:
	}
}

// stop ends the goroutine after what is pending.
func (n *notifier) stop() {
	if n != nil {
		close(n.pending)
	}
}

// wait returns when all errors have been told, or ctx is done.
func (n *notifier) wait(ctx context.Context) {
	if n == nil {
		return
	}
	select {
	case <-n.done:
	case <-ctx.Done():
	}
}
