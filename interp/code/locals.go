package code

// Local tells in which register a variable lies while the code from word From
// up to word To runs. Boxed variables lie in a box there. It serves debuggers
// alone: running code does not look at it.
type Local struct {
	Name     string
	Reg      int
	From, To int
	Boxed    bool
}

// LocalsAt lists the variables that have a value when the instruction at word
// pc runs, those bound last behind the others.
func (p *Proc) LocalsAt(pc int) []Local {
	var out []Local
	for _, l := range p.Locals {
		if l.From <= pc && pc < l.To {
			out = append(out, l)
		}
	}
	return out
}
