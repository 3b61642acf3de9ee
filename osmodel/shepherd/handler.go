package shepherd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"fruix/interp/datum"
	"fruix/osmodel/shepherd/control"
	"fruix/osmodel/shepherd/graph"
	"fruix/osmodel/shepherd/manager"
	"fruix/osmodel/shepherd/target"
)

// handle answers a request of herd.
func (s *Shepherd) handle(ctx context.Context, r control.Request, say func(string)) control.Reply {
	if r.Service == "" || r.Service == "root" || r.Service == "shepherd" {
		return s.handleRoot(ctx, r, say)
	}
	info, err := s.manager.Info(r.Service)
	if err != nil {
		return control.Reply{Usage: true, Error: err.Error() + s.similar(r.Service)}
	}
	switch r.Action {
	case "start", "stop", "restart":
		end := s.watch(say)
		defer end()
	}
	switch r.Action {
	case "status":
	case "start":
		if info.Status == manager.Done {
			// A person wants the one-shot service to do its work once more.
			_, err = s.manager.Stop(ctx, info.Name, nil)
		}
		if err == nil {
			err = s.manager.Start(ctx, info.Name, r.Args)
		}
	case "stop":
		_, err = s.manager.Stop(ctx, info.Name, r.Args)
	case "restart":
		err = s.manager.Restart(ctx, info.Name, r.Args)
	case "enable":
		err = s.manager.Enable(info.Name)
	case "disable":
		err = s.manager.Disable(info.Name)
	case "doc":
		doc := info.Documentation
		if doc == "" {
			doc = "(no documentation)"
		}
		return control.Reply{OK: true, Lines: strings.Split(doc, "\n")}
	case "log":
		return control.Reply{OK: true, Lines: s.log.Recent(info.Name)}
	default:
		return s.custom(ctx, r, info)
	}
	return s.outcome(info.Name, err)
}

// similar suggests a name for one that is unknown.
func (s *Shepherd) similar(name string) string {
	for _, i := range s.manager.All() {
		for _, p := range i.Provides {
			if strings.Contains(p, name) || strings.Contains(name, p) {
				return "; did you mean " + p + "?"
			}
		}
	}
	return ""
}

func (s *Shepherd) outcome(name string, err error) control.Reply {
	r := control.Reply{OK: err == nil}
	if err != nil {
		r.Error = err.Error()
		var missing *graph.MissingError
		r.Usage = errors.As(err, &missing) && missing.Service == ""
	}
	if i, e := s.manager.Info(name); e == nil {
		r.Services = []manager.Info{i}
	}
	return r
}

// custom performs an action that the service defines.
func (s *Shepherd) custom(ctx context.Context, r control.Request, info manager.Info) control.Reply {
	args := append([]datum.Value{info.Data.(datum.Value), datum.Sym(r.Action)}, values(r.Args)...)
	v, err := s.eval(ctx, func() (any, error) {
		perform, err := s.engine.Lookup("(shepherd service)", "perform-service-action")
		if err != nil {
			return nil, err
		}
		return s.engine.Apply(ctx, perform, args...)
	})
	if err != nil {
		return control.Reply{Error: report(err)}
	}
	value := v.(datum.Value)
	if value.IsPair() && value.Pair().Car == datum.Sym("unknown-action") {
		return control.Reply{Usage: true, Error: fmt.Sprintf("service %s has no action %s; it has %s", info.Name, r.Action, s.engine.Display(value.Pair().Cdr))}
	}
	return control.Reply{OK: true, Text: s.show(value), Services: []manager.Info{info}}
}

func (s *Shepherd) show(v datum.Value) string {
	if v == datum.Unspecified {
		return ""
	}
	return s.engine.Write(v)
}

// handleRoot performs an action on Shepherd itself.
func (s *Shepherd) handleRoot(ctx context.Context, r control.Request, say func(string)) control.Reply {
	need := func(n int, usage string) *control.Reply {
		if len(r.Args) == n {
			return nil
		}
		return &control.Reply{Usage: true, Error: "usage: herd " + usage}
	}
	switch r.Action {
	case "status", "detailed-status":
		return control.Reply{OK: true, Services: s.manager.All()}
	case "power-off", "stop", "shutdown", "halt", "reboot":
		return s.powerAction(r.Action)
	case "log":
		return control.Reply{OK: true, Lines: s.log.Recent("")}
	case "help", "doc":
		return control.Reply{OK: true, Lines: []string{
			"Shepherd starts, supervises and stops services.",
			"Actions on root: status, power-off, halt, reboot, log, load FILE, eval EXPRESSION, unload SERVICE.",
			"Actions on a service: status, start, stop, restart, enable, disable, doc, log, and its own.",
		}}
	case "start":
		return control.Reply{OK: true}
	case "load":
		if bad := need(1, "load root FILE"); bad != nil {
			return *bad
		}
		if _, err := os.Stat(r.Args[0]); err != nil {
			return control.Reply{Usage: true, Error: err.Error()}
		}
		return s.evaluate(ctx, say, func() (any, error) { return s.engine.Load(ctx, r.Args[0]) })
	case "eval":
		if bad := need(1, "eval root EXPRESSION"); bad != nil {
			return *bad
		}
		return s.evaluate(ctx, say, func() (any, error) { return s.engine.Eval(ctx, r.Args[0], "herd") })
	case "unload":
		if bad := need(1, "unload root SERVICE"); bad != nil {
			return *bad
		}
		if _, err := s.manager.Stop(ctx, r.Args[0], nil); err != nil {
			return s.outcome(r.Args[0], err)
		}
		err := s.manager.Unregister(r.Args[0])
		return s.outcome(r.Args[0], err)
	}
	return control.Reply{Usage: true, Error: fmt.Sprintf("root has no action %s; it has status, power-off, halt, reboot, log, load, eval, unload and help", r.Action)}
}

func (s *Shepherd) evaluate(ctx context.Context, say func(string), f func() (any, error)) control.Reply {
	end := s.watch(say)
	defer end()
	v, err := s.eval(ctx, f)
	if err != nil {
		return control.Reply{Error: report(err)}
	}
	return control.Reply{OK: true, Text: s.show(v.(datum.Value))}
}

// powerAction stops the machine, or Shepherd alone where it is not the
// machine's.
func (s *Shepherd) powerAction(action string) control.Reply {
	p, ok := powerNamed(action)
	if !ok {
		p = target.PowerOff
	}
	if !s.opts.Init && s.opts.Machine != nil && action != "stop" {
		if err := s.opts.Machine(p); err != nil {
			return control.Reply{Error: err.Error()}
		}
		return control.Reply{OK: true}
	}
	go s.ShutDown(p)
	return control.Reply{OK: true}
}
