package play

import (
	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// About is what the page shows for every script.
type About struct {
	Machines   []Machine
	Properties map[string][]string // the names of the properties, by machine
	Faults     []Fault
	MaxSteps   int
}

// Machine is the diagram of a machine.
type Machine struct {
	Name        string
	States      []string
	Final       []string
	Transitions []Transition
}

// Transition is an arrow of a diagram.
type Transition struct{ From, To, Event string }

// Facts returns what the page shows for every script. The diagrams come from the definitions that
// the cores run on.
func Facts() About {
	a := About{
		Machines: []Machine{
			diagram(fsm.RoomLifecycle()),
			diagram(fsm.RoomStatus()),
			diagram(fsm.ChannelStates()),
		},
		Faults: Faults(), MaxSteps: MaxSteps, Properties: map[string][]string{"Rooms": Properties()},
	}
	add := func(machine, name string) { a.Properties[machine] = append(a.Properties[machine], name) }
	for _, p := range model.LeasesProperties() {
		add("Leases", p.Name)
	}
	for _, p := range model.RoomProperties() {
		add("Room", p.Name)
	}
	for _, p := range model.ChannelProperties() {
		add("Channel", p.Name)
	}
	return a
}

func diagram[S, E ~uint8](t *fsm.Table[S, E]) Machine {
	def := t.Definition()
	m := Machine{Name: def.Machine}
	for _, from := range def.States {
		name := def.StateName(from)
		if m.States = append(m.States, name); def.Final[from] {
			m.Final = append(m.Final, name)
		}
		for _, event := range def.Events {
			if to, err := t.Next(from, event); err == nil {
				m.Transitions = append(
					m.Transitions,
					Transition{name, def.StateName(to), def.EventName(event)},
				)
			}
		}
	}
	return m
}
