package datum

import "weak"

// share ties strings together that show parts of one text (substring/shared).
// While the text is narrow or wide in all of them, their slices overlap; when
// one has to widen it, all are moved to the wide text.
type share struct {
	group *sharers
	at    int // where this string begins in the text
}

type sharers struct {
	narrow  []byte
	members []weak.Pointer[String]
}

// Share returns a string that shows the characters from start to end of s: a
// change of one is a change of the other.
func (s *String) Share(start, end int) Value {
	if start == 0 && end == s.Len() {
		return s.Object()
	}
	if s.share == nil {
		s.share = &share{group: &sharers{narrow: s.narrow}}
		s.share.group.add(s)
	}
	part := &String{share: &share{s.share.group, s.share.at + start}, Literal: s.Literal}
	if s.wide != nil {
		part.wide = s.wide[start:end:end]
	} else {
		part.narrow = s.narrow[start:end:end]
		part.share.group.add(part)
	}
	return part.Object()
}

// add notes a member, and forgets those that are gone once they are many.
func (g *sharers) add(s *String) {
	if n := len(g.members); n >= 16 && n&(n-1) == 0 {
		live := g.members[:0]
		for _, p := range g.members {
			if p.Value() != nil {
				live = append(live, p)
			}
		}
		g.members = live
	}
	g.members = append(g.members, weak.Make(s))
}

// widen moves all members to a wide text.
func (g *sharers) widen() {
	wide := widened(g.narrow)
	for _, p := range g.members {
		if s := p.Value(); s != nil && s.share != nil && s.share.group == g {
			end := s.share.at + len(s.narrow)
			s.wide, s.narrow = wide[s.share.at:end:end], nil
		}
	}
	g.members, g.narrow = nil, nil
}
