package model

import "slices"

// Rows returns the numbers of the rows in docs/channel.md, "Rows", that the step performs, in the
// order in which it performs them. It returns none if the step is in no row, or the input is
// refused.
func (c Channel) Rows(in ChannelInput) (rows []int) {
	t, err := c.take(in)
	if err != nil {
		return nil
	}
	is := func(states ...ChannelState) bool { return slices.Contains(states, c.State) }
	when := func(condition bool, row int) {
		if condition {
			rows = append(rows, row)
		}
	}
	connected := c.Connection == ConnectionConnected
	for _, r := range t.rules {
		switch r {
		case C5: // the end of a detach begins a waiting attach: row 1
			when(len(rows) > 0 && (rows[len(rows)-1] == 17 || rows[len(rows)-1] == 18), 1)
		case C6:
			when(len(t.before.Detachers) > 0, 28)
		case C7: // the end of an attach begins a waiting detach
			when(len(rows) > 0 && rows[len(rows)-1] == 8, 30)
		case C8:
			rows = append(rows, 5)
		case C9:
			rows = append(rows, 3)
		case C10:
			rows = append(rows, 6)
		case C11:
			rows = append(rows, 7)
		case C12:
			when(is(ChannelFailed), 4)
			when(!is(ChannelFailed) && connected, 1)
			when(!is(ChannelFailed) && !connected, 2)
		case C13:
			rows = append(rows, 26)
		case C14:
			rows = append(rows, 27)
		case C15:
			rows = append(rows, 28)
		case C16:
			when(!connected, 29)
		case C17:
			rows = append(rows, 30)
		case C18:
			rows = append(rows, 31)
		case C19:
			rows = append(rows, 32)
		case C20:
			when(c.Connection != ConnectionClosing, 33)
		case C26:
			rows = append(rows, 8)
		case C28:
			rows = append(rows, 11)
		case C29:
			when(!in.Resumed, 9)
			when(in.Resumed, 10)
		case C30:
			when(is(ChannelDetached) && !c.BehindFence(), 12)
		case C33:
			rows = append(rows, 14)
		case C35:
			rows = append(rows, 15)
		case C36:
			when(is(ChannelDetaching), 17)
			when(!is(ChannelDetaching), 34)
		case C37:
			when(t.State == ChannelFailed && !is(ChannelFailed), 19)
		case C40:
			when(c.IsOut(RequestAttach), 13)
		case C41:
			when(c.IsOut(RequestDetach), 18)
		case C42:
			rows = append(rows, 16)
		case C44:
			when(in.Connection != ToConnected && c.Connection != ConnectionClosing && c.Connection != ConnectionEnded, 22)
		case C45:
			when(t.before.goesOn() && t.State == ChannelAttaching, 20)
			when(t.State == ChannelDetaching, 21)
		case C46:
			when(is(ChannelAttaching, ChannelAttached), 23)
		case C48:
			when(is(ChannelAttaching, ChannelAttached) && in.Connection == ToClosed, 24)
		case C49:
			when(is(ChannelAttaching, ChannelAttached), 25)
		}
	}
	return rows
}
