package initrd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/osmodel/shepherd/script"
	"fruix/osmodel/shepherd/target"
)

// repl lets a person look around on the console until (exit) or the end of
// input. The module (fruix native system) is at hand.
func repl(stdlib fs.FS) {
	o := script.Standard(stdlib)
	e, err := interp.New(script.Engine(o, []string{"fruix-init"}, nil))
	if err != nil {
		fmt.Fprintln(os.Stderr, "fruix-init:", err)
		return
	}
	e.Register("(fruix native system)", target.Natives()...)
	ctx := context.Background()
	if _, err := e.Eval(ctx, "(use-modules (fruix native system))", "console"); err != nil {
		fmt.Fprintln(os.Stderr, "fruix-init:", err)
	}
	in := bufio.NewScanner(os.Stdin)
	for text := ""; ; {
		if text == "" {
			fmt.Print("fruix> ")
		}
		if !in.Scan() {
			return
		}
		text += in.Text() + "\n"
		v, err := e.Eval(ctx, text, "console")
		var ie *interp.Error
		switch {
		case errors.As(err, &ie) && ie.Incomplete:
			continue
		case errors.As(err, &ie) && ie.Key == "quit":
			return
		case errors.As(err, &ie):
			_ = ie.Report(os.Stdout)
		case err != nil:
			fmt.Println(err)
		case v != datum.Unspecified:
			fmt.Println(e.Write(v))
		}
		text = ""
	}
}
