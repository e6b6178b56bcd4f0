package model

import "strconv"

// ChannelRule is one of the numbered rules of docs/channel.md, C1 to C49.
type ChannelRule uint8

// The rules by number. The zero ChannelRule is none of them.
const (
	C1  ChannelRule = iota + 1 // setting the state
	C2                         // the beginning
	C3                         // sending a request
	C4                         // timers at the end of a step
	C5                         // to attach
	C6                         // to suspend
	C7                         // to detach
	C8                         // Attach when attached
	C9                         // Attach while the connection is suspended, closing or ended
	C10                        // Attach when attaching
	C11                        // Attach when detaching
	C12                        // Attach otherwise
	C13                        // Detach when initialized or detached
	C14                        // Detach when failed
	C15                        // Detach when suspended
	C16                        // Detach without a connection, or behind a fence
	C17                        // Detach when attached
	C18                        // Detach when attaching
	C19                        // Detach when detaching
	C20                        // SetOptions when attaching or attached
	C21                        // SetOptions otherwise
	C22                        // GiveBack
	C23                        // Renew
	C24                        // which requests leave the wire
	C25                        // taking an ATTACHED
	C26                        // ATTACHED ends an attach
	C27                        // ATTACHED of an earlier life
	C28                        // ATTACHED when detaching
	C29                        // ATTACHED when attached
	C30                        // ATTACHED when detached, initialized or failed
	C31                        // ATTACHED when suspended
	C32                        // DETACHED behind a fence
	C33                        // DETACHED refuses an attach
	C34                        // DETACHED of an earlier request
	C35                        // DETACHED when attached or suspended
	C36                        // DETACHED when detaching, initialized, detached or failed
	C37                        // ERROR
	C38                        // ERROR 80016
	C39                        // messages
	C40                        // RequestTimeout
	C41                        // RequestTimeout when detaching
	C42                        // RetryTimeout
	C43                        // the connection is lost
	C44                        // the connection waits
	C45                        // the connection is connected
	C46                        // the connection is suspended
	C47                        // the connection closes
	C48                        // the connection is closed
	C49                        // the connection failed
)

// ChannelRules returns all rules, in order.
func ChannelRules() []ChannelRule {
	var all []ChannelRule
	for r := C1; r <= C49; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the rule as it is cited, such as "C9".
func (r ChannelRule) String() string { return "C" + strconv.Itoa(int(r)) }

// channelRuleSpec has the points of Ably's specification that docs/channel.md names for each rule.
var channelRuleSpec = [...][]string{
	C1:  {"RTL2", "RTL2d", "RTL2f", "RTL2g", "RTL24", "RTL15b2", "RTB1"},
	C2:  {"RTL2"},
	C3:  {"RTL4c", "RTL4c1", "RTL4f", "RTL5d", "RTL5f"},
	C4:  {"RTL4f", "RTL5f", "RTL13b", "RTL13c", "RTB1"},
	C5:  {"RTL4c", "RTL4i"},
	C6:  {"RTL4f", "RTL13b", "RTB1"},
	C7:  {"RTL5d", "RTL5k"},
	C8:  {"RTL4a"},
	C9:  {"RTL4b"},
	C10: {"RTL4h"},
	C11: {"RTL4h"},
	C12: {"RTL4c", "RTL4g", "RTL4i"},
	C13: {"RTL5a"},
	C14: {"RTL5b"},
	C15: {"RTL5j"},
	C16: {"RTL5l"},
	C17: {"RTL5d"},
	C18: {"RTL5i"},
	C19: {"RTL5i"},
	C20: {"RTL16a"},
	C21: {"RTL16"},
	C22: {"RTS4a"},
	C23: nil,
	C24: nil,
	C25: {"RTL4k1", "RTL4m", "RTL12", "RTL15b", "RTL15c"},
	C26: {"RTL4c", "RTL4d"},
	C27: nil,
	C28: {"RTL5k"},
	C29: {"RTL12"},
	C30: {"RTL5k"},
	C31: nil,
	C32: nil,
	C33: {"RTL13b"},
	C34: nil,
	C35: {"RTL13a"},
	C36: {"RTL5d"},
	C37: {"RTL14"},
	C38: nil,
	C39: {"RTL15b", "RTL17"},
	C40: {"RTL4f"},
	C41: {"RTL5f"},
	C42: {"RTL13b"},
	C43: {"RTL3e", "RTL13c"},
	C44: {"RTL3b", "RTN11b", "RTN11d"},
	C45: {"RTL3d", "RTL3d1", "RTN15c6", "RTN15c7", "RTN19b"},
	C46: {"RTL3c"},
	C47: {"RTL3b"},
	C48: {"RTL3b"},
	C49: {"RTL3a"},
}

// Spec returns the points of Ably's specification that docs/channel.md names for the rule, such as
// "RTL4a". It returns none if the rule is a decision of this project.
func (r ChannelRule) Spec() []string { return channelRuleSpec[r] }
