package play

// View is what the page shows of a script: what happens in each of its steps.
type View struct {
	Board, Fault string
	Fragment     string // the script as a link has it
	At           int    // how many steps are taken
	Frames       []Frame
	Choices      []Choice // what can happen next, after At steps
	NextCall     int      // the number of the next call of Get, Release and Dispose
	Error        string   // why the script can't be read
}

// Frame is what there is after a step; the first is the beginning.
type Frame struct {
	Step, Caller, Title string
	Refused             string // why the step can't happen
	// where a core does otherwise than its model; never, if the proof holds
	Differs string
	Turns   []Turn
	Side
	Connection string // of the board rooms
	Channels   []ChannelView
	Faulty     *Side // with the script's fault
	Parted     bool  // what the faulty one put out differs, in this step or before
}

// Side is one registry, or one room or channel alone, after a step.
type Side struct {
	Lines    []Line // of the sequence diagram, in this step
	Calls    []CallView
	Lives    []LifeView
	Disposal string
	Broken   []Broken // properties that fail, in this step or before
	Refused  string   // why the step can't happen here
}

// Turn is one step of one core.
type Turn struct {
	Machine string // Rooms, Room or Channel
	Of      string // whose: "#1", "a"
	Input   string
	Outputs []string
	Rules   []string // all that it follows
	Why     []string // those of them that are of this step alone
}

// Line is a line of the sequence diagram: an arrow between two lanes, or a note on one.
type Line struct {
	From, To int // lanes: 0 callers, 1 rooms, 2 backend
	Text     string
	Kind     string // call, answer, ask, end or note
	Rules    []string
}

// CallView is one call and what became of it.
type CallView struct {
	N         int    // its number among those of its kind of machine
	Of        string // "#1" for one on a room
	Who, What string
	State     string // waits, done, failed
	Text      string // what it waits for, or how it ended
	Rules     []string
	Cancel    string // the step by which its caller stops waiting
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
	Operation string // what runs, with what it waits for
	Waiting   []string
	Once      bool // attached once
	Explicit  bool // detached by a call
}

// ChannelView is the channel of a name.
type ChannelView struct {
	Name, Of string // Of: the incarnation that has it
	State    string
	Reason   int
	Wire     string
	Flags    []string
}

// Broken is a property that fails.
type Broken struct{ Machine, Name, Why string }

// Choice is a step that can happen.
type Choice struct {
	Step  string // as it stands in a link, without a caller
	Label string
	Group string // wait, backend, room, server, connection, call, event, end
	Of    string // "#1"
	Calls bool   // it needs a caller
}
