package play

// View is what the page shows of a script: a frame for each step, and the next choices.
type View struct {
	Board, Fault string
	Fragment     string // the script in the form of a link
	At           int    // the number of the step that is shown
	Frames       []Frame
	Choices      []Choice // the steps that can happen after step At
	NextCall     int      // the number of the next call of Get, Release and Dispose
	Error        string   // why the script can't be read; then all else is empty
}

// Frame is the state after a step; the first frame is the beginning.
type Frame struct {
	Step, Caller, Title string
	Refused             string // why the step can't happen
	// how a core differs from its model; always empty if the cores are right
	Differs string
	Turns   []Turn
	Side
	Connection string // the connection's state, on the boards rooms and channel
	Channels   []ChannelView
	Faulty     *Side // the registry with the script's fault; nil for none
	Parted     bool  // Faulty has differed from the right one, in this step or before
}

// Side is one registry, or one room or channel alone, after a step.
type Side struct {
	Lines    []Line // the lines of the sequence diagram, of this step
	Calls    []CallView
	Lives    []LifeView
	Disposal string
	Broken   []Broken // the properties that failed, in this step or before
	Refused  string   // why the step can't happen on this side
}

// Turn is one step of one core.
type Turn struct {
	Machine string // Rooms, Room or Channel
	Of      string // the room or channel: "#1", "a"
	Input   string
	Outputs []string
	Rules   []string // all rules that the step follows
	Why     []string // the rules that explain it, without those of nearly every step
}

// Line is a line of the sequence diagram: an arrow between two lanes, or a note on one.
type Line struct {
	From, To int // lanes: 0 callers, 1 rooms, 2 backend
	Text     string
	Kind     string // call, answer, ask, end or note
	Rules    []string
}

// CallView is a call and its outcome.
type CallView struct {
	N         int    // its number among the calls on the same machine
	Of        string // the room, such as "#1", for a call on a room; else empty
	Who, What string
	State     string // waits, done or failed
	Text      string // what it waits for, or how it ended
	Rules     []string
	Cancel    string // the step in which its caller stops waiting
}

// LifeView is one incarnation of a name.
type LifeView struct {
	N                         int
	Name, Options, Life, Work string
	Kept                      bool
	Leases                    int
	Room                      *RoomView
}

// RoomView is one room.
type RoomView struct {
	Status    string
	Err       int
	Operation string // the operation that runs, and what it waits for
	Waiting   []string
	Once      bool // it was attached at least once
	Explicit  bool // a call detached it
}

// ChannelView is the channel of a name.
type ChannelView struct {
	Name, Of string // Of: the incarnation that has the channel
	State    string
	Reason   int
	Wire     string
	Flags    []string
}

// Broken is a property that fails.
type Broken struct{ Machine, Name, Why string }

// Choice is a step that can happen.
type Choice struct {
	Step  string // the step in the form of a link, without a caller
	Label string
	Group string // wait, backend, room, server, connection, call, event, end
	Of    string // the incarnation, such as "#1"; or empty
	Calls bool   // whether the step needs a caller
}
