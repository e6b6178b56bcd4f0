package ablychat_test

import (
	"errors"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// lease acquires and attaches the room "lobby".
func lease(t *testing.T, client *ablychat.Client) *ablychat.Lease {
	t.Helper()
	l, err := client.Rooms().Acquire(soon(t), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Room().Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLeasesOfTwoOwners: two owners share a room. Closing the last lease releases it. A release by
// name ends both leases.
func TestLeasesOfTwoOwners(t *testing.T) {
	server := ablytest.NewServer(t)
	client := newPerson(t, server, "ann").chat
	attached := func(s ablytest.State) bool { return s.Attached(ablychat.ChannelName("lobby")) }
	gone := func(s ablytest.State) bool { return !attached(s) }
	await := func(condition func(ablytest.State) bool) {
		t.Helper()
		if err := server.Await(soon(t), condition); err != nil {
			t.Fatal(err)
		}
	}

	one, other := lease(t, client), lease(t, client)
	room := one.Room()
	if other.Room() != room {
		t.Fatal("the owners have different rooms")
	}
	one.Close()
	one.Close() // a second Close has no effect on the other lease
	if room.Status() != ablychat.RoomAttached {
		t.Fatalf("the room is %v, although it still has an owner", room.Status())
	}
	other.Close()
	if err := room.WaitForStatus(soon(t), ablychat.RoomReleased); err != nil {
		t.Fatal(err)
	}
	await(gone)

	one, other = lease(t, client), lease(t, client)
	if one.Room() == room {
		t.Fatal("Acquire returned the room that was released")
	}
	if err := client.Rooms().Release(soon(t), "lobby"); err != nil {
		t.Fatal(err)
	}
	await(gone)
	if err := other.Room().Attach(soon(t)); !errors.Is(err, ablychat.ErrRoomInInvalidState) {
		t.Errorf("a room that was released by name attaches: %v", err)
	}
	next := lease(t, client)
	one.Close()
	other.Close() // their room is gone; closing must not release the next room of the name
	if next.Room().Status() != ablychat.RoomAttached {
		t.Errorf("the next room is %v", next.Room().Status())
	}
	await(attached)
	next.Close()
	if err := next.Room().WaitForStatus(soon(t), ablychat.RoomReleased); err != nil {
		t.Error(err)
	}
}
