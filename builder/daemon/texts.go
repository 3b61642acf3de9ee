package daemon

import (
	"context"
	"errors"

	"fruix/store"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// Clients that add many texts may send the next ones before they have read the
// answers. Texts that have come are then added together: an answer is sent when its
// text is valid, and costs only a part of a transaction.

// Bounds of what is added together.
const (
	maxTexts     = 1000
	maxTextBytes = 16 << 20
)

// texts are those that are not answered yet.
type texts struct {
	batch   *store.Batch
	waiting []waitingText
	bytes   int
}

// waitingText is one of them: a path, or why there is none.
type waitingText struct {
	calls.Text
	path string
	err  error
}

// addText reads one text, and adds it unless more are to come.
func (c *conn) addText(ctx context.Context) (err error) {
	defer c.s.guard(wire.AddTextToStore.String(), &err)
	t := waitingText{Text: calls.AddTextToStore().Args(c.r)}
	if err := c.r.Err(); err != nil {
		return errors.Join(c.texts.flush(ctx, c), c.fail(err))
	}
	if own := c.s.c.Texts; own != nil {
		p, err := own.AddText(t.Name, t.Content, t.References)
		if err != nil {
			return c.refuse(err)
		}
		return c.out.send(pathAnswer(p))
	}
	st, err := c.store(ctx)
	if err != nil {
		return c.refuse(err)
	}
	if c.texts.batch == nil {
		c.texts.batch = st.NewBatch()
	}
	t.path, t.err = c.texts.batch.AddText(t.Name, t.Content, t.References)
	c.texts.waiting = append(c.texts.waiting, t)
	c.texts.bytes += len(t.Content)
	if len(c.texts.waiting) < maxTexts && c.texts.bytes < maxTextBytes && (c.r.Raw().Buffered() > 0 || c.in.ready()) {
		return nil
	}
	return c.texts.flush(ctx, c)
}

func pathAnswer(p string) []byte {
	return frame(func(w *wire.Writer) {
		w.Done()
		calls.AddTextToStore().Answer(w, p)
	})
}

// flush adds what waits and answers. When that fails for all together, each is
// tried alone, so that one client's mistake is told about the text that has it. An
// error ends the connection.
func (t *texts) flush(ctx context.Context, c *conn) error {
	if len(t.waiting) == 0 {
		return nil
	}
	waiting, batch := t.waiting, t.batch
	*t = texts{}
	together := batch.Flush(ctx)
	for _, x := range waiting {
		if x.err == nil && together != nil {
			if len(waiting) == 1 {
				x.err = together
			} else {
				_, x.err = c.st.AddText(ctx, x.Name, x.Content, x.References)
			}
		}
		var err error
		if x.err != nil {
			err = c.refuse(x.err)
		} else {
			err = c.out.send(pathAnswer(x.path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
