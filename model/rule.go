package model

import "strconv"

// Rule is one of the numbered rules of docs/rooms.md, R1 to R24.
type Rule uint8

// The rules by number. The zero Rule is none of them.
const (
	R1  Rule = iota + 1 // Get after disposal began
	R2                  // Get with options other than those of the incarnation in use
	R3                  // Get of an incarnation that is ready
	R4                  // Get of an incarnation that is initializing
	R5                  // Get of a free name
	R6                  // Get of a name being released
	R7                  // Release of a free name
	R8                  // Release of a name being released
	R9                  // Release of an incarnation that waits for its predecessor
	R10                 // Release of an incarnation that is ready
	R11                 // Release of an incarnation that is opening
	R12                 // the first Dispose
	R13                 // how long the first Dispose waits
	R14                 // a later Dispose
	R15                 // the outcome of disposal
	R16                 // GiveUp
	R17                 // Opened, in use
	R18                 // Opened, abandoned
	R19                 // OpenFailed, in use
	R20                 // OpenFailed, abandoned
	R21                 // the end of a release
	R22                 // the successor's turn
	R23                 // the end of disposal
	R24                 // ReleaseIf
)

// Rules returns all rules, in order.
func Rules() []Rule {
	var all []Rule
	for r := R1; r <= R24; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the rule as it is cited, such as "R9".
func (r Rule) String() string { return "R" + strconv.Itoa(int(r)) }

// Spec returns the points of Ably's Chat specification that docs/rooms.md names for the rule, such
// as "CHA-RC1g4". It returns none if the rule is a decision of this project.
func (r Rule) Spec() []string {
	switch r {
	case R1:
		return []string{"CHA-RC1f8"}
	case R2:
		return []string{"CHA-RC1f1"}
	case R3, R4:
		return []string{"CHA-RC1f2"}
	case R5:
		return []string{"CHA-RC1f3"}
	case R6, R22:
		return []string{"CHA-RC1f4"}
	case R7:
		return []string{"CHA-RC1g2"}
	case R8:
		return []string{"CHA-RC1g3"}
	case R9:
		return []string{"CHA-RC1g4"}
	case R10:
		return []string{"CHA-RC1g5"}
	case R11:
		return []string{"CHA-RC1g5", "CHA-RC1f6"}
	case R12:
		return []string{"CHA-RD1a", "CHA-RD1c"}
	case R13:
		return []string{"CHA-RD1b", "CHA-RD1d"}
	case R21:
		return []string{"CHA-RC1g1"}
	case R23:
		return []string{"CHA-RD1d"}
	default:
		return nil
	}
}
