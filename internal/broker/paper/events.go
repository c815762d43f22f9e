package paper

import (
	"context"
	"fmt"
	"slices"

	"quantdesk/internal/order"
)

// batchLength is the most events read from disk at once.
const batchLength = 256

// Events calls sink with the account's events after the cursor, in order and
// without gaps, then with each new turn's as it is on disk. It ends with sink's
// error, ctx's, or, once Run has ended and everything was told, errStopped. A
// cursor beyond the newest event is an error: it belongs to another database.
func (b *Broker) Events(ctx context.Context, account string, after int64, sink func([]order.Event) error) error {
	if after < 0 {
		after = 0
	}
	for {
		stopped := false
		select {
		case <-b.done: // read before looking, so that nothing told is missed
			stopped = true
		default:
		}
		batch, changed, err := b.next(ctx, account, after)
		if err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := sink(batch); err != nil {
				return err
			}
			after = batch[len(batch)-1].Seq
			continue
		}
		if stopped {
			return errStopped
		}
		select {
		case <-changed:
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next gives the events after a cursor that are to be had now, from memory when
// it reaches back that far, and a channel that closes when there are more.
func (b *Broker) next(ctx context.Context, account string, after int64) ([]order.Event, <-chan struct{}, error) {
	b.mu.Lock()
	v := b.views[account]
	if v == nil {
		b.mu.Unlock()
		return nil, nil, refuse("unknown_account", "there is no account %q", account)
	}
	changed, newest := v.changed, v.seq
	behind := newest - after
	if behind >= 0 && behind <= int64(len(v.tail)) {
		batch := slices.Clone(v.tail[len(v.tail)-int(behind):])
		b.mu.Unlock()
		return batch, changed, nil
	}
	b.mu.Unlock()
	if behind < 0 {
		return nil, nil, fmt.Errorf("events of account %s: cursor %d is beyond the newest event %d", account, after, newest)
	}
	batch, err := b.store.events(ctx, account, after, batchLength)
	if err != nil {
		return nil, nil, fmt.Errorf("events of account %s after %d: %w", account, after, err)
	}
	return batch, changed, nil
}
