package ablychat

import (
	"runtime"
	"sync"
	"weak"

	"github.com/ably/ably-go/ably"
)

// inUse holds the connections that have a chat client. It is the one global of the package: a realtime client of ably-go can't carry a
// mark of ours, and two chat clients that don't know of each other share nothing else. Its keys are weak, so that it keeps nothing
// alive: an entry lives from New to Dispose, or until the connection is collected.
var inUse = registry{connections: map[weak.Pointer[ably.Connection]]runtime.Cleanup{}}

type registry struct {
	mu          sync.Mutex
	connections map[weak.Pointer[ably.Connection]]runtime.Cleanup
}

// add registers a connection, unless it is registered already.
func (r *registry) add(connection *ably.Connection) bool {
	key := weak.Make(connection)
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.connections[key]; taken {
		return false
	}
	r.connections[key] = runtime.AddCleanup(connection, func(key weak.Pointer[ably.Connection]) {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.connections, key)
	}, key)
	return true
}

// remove frees a connection for another chat client.
func (r *registry) remove(connection *ably.Connection) {
	key := weak.Make(connection)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections[key].Stop()
	delete(r.connections, key)
}
