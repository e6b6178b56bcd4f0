package model

import "strconv"

// RoomRule is one of the numbered rules of docs/room.md, S1 to S30.
type RoomRule uint8

// The rules by number. The zero RoomRule is none of them.
const (
	S1  RoomRule = iota + 1 // setting the status
	S2                      // the beginning
	S3                      // a call begins
	S4                      // the next operation
	S5                      // the end of an operation
	S6                      // attach of a room that is attached
	S7                      // attach of a room that is released
	S8                      // attach sets attaching
	S9                      // attach attaches the channel
	S10                     // detach of a room that is detached
	S11                     // detach of a room that is released or failed
	S12                     // detach sets detaching
	S13                     // detach detaches the channel
	S14                     // release of a room that is released
	S15                     // release of a room that is initialized or detached
	S16                     // release sets releasing
	S17                     // release begins the detach loop
	S18                     // GiveUp of an operation that runs
	S19                     // GiveUp of an attach or detach in the queue
	S20                     // GiveUp of a release in the queue
	S21                     // AttachEnded, well
	S22                     // DetachEnded of a detach, without an error
	S23                     // an attach or detach that failed
	S24                     // the start of the detach loop
	S25                     // DetachEnded of a release, and its pause
	S26                     // giving the channel back
	S27                     // GiveBackEnded
	S28                     // an event that is no update
	S29                     // a discontinuity
	S30                     // an event after the release
)

// RoomRules returns all rules, in order.
func RoomRules() []RoomRule {
	var all []RoomRule
	for r := S1; r <= S30; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the rule as it is cited, such as "S9".
func (r RoomRule) String() string { return "S" + strconv.Itoa(int(r)) }

// Spec returns the points of Ably's Chat specification that docs/room.md names for the rule, such
// as "CHA-RL1a". It returns none if the rule is a decision of this project.
func (r RoomRule) Spec() []string {
	switch r {
	case S1:
		return []string{"CHA-RS2b2", "CHA-RS4"}
	case S2:
		return []string{"CHA-RS3", "CHA-RL13", "CHA-RL14"}
	case S3:
		return []string{"CHA-RL1d", "CHA-RL2i", "CHA-RL3k", "CHA-RL7"}
	case S4:
		return []string{"CHA-RL7a2", "CHA-RL7a3"}
	case S5:
		return []string{"CHA-RL7"}
	case S6:
		return []string{"CHA-RL1a"}
	case S7:
		return []string{"CHA-RL1l"}
	case S8:
		return []string{"CHA-RL1e"}
	case S9:
		return []string{"CHA-RL1k"}
	case S10:
		return []string{"CHA-RL2a"}
	case S11:
		return []string{"CHA-RL2l", "CHA-RL2m"}
	case S12:
		return []string{"CHA-RL2j"}
	case S13:
		return []string{"CHA-RL2k"}
	case S14:
		return []string{"CHA-RL3a"}
	case S15:
		return []string{"CHA-RL3b", "CHA-RL3j"}
	case S16:
		return []string{"CHA-RL3m"}
	case S17:
		return []string{"CHA-RL3n"}
	case S21:
		return []string{"CHA-RL1k1"}
	case S22:
		return []string{"CHA-RL2k1"}
	case S23:
		return []string{"CHA-RL1k2", "CHA-RL1k3", "CHA-RL2k2", "CHA-RL2k3"}
	case S24:
		return []string{"CHA-RL3n1", "CHA-RL3n2"}
	case S25:
		return []string{"CHA-RL3n2", "CHA-RL3n3", "CHA-RL3n4"}
	case S26:
		return []string{"CHA-RL3o", "CHA-RL3h"}
	case S27:
		return []string{"CHA-RL3h"}
	case S28:
		return []string{"CHA-RL11a", "CHA-RL11b", "CHA-RL11c"}
	case S29:
		return []string{"CHA-RL12a", "CHA-RL12b"}
	case S30:
		return []string{"CHA-RS1i"}
	default:
		return nil
	}
}
