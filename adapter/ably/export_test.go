package ablychat

// StayClosed closes a realtime client as a chat client closes its own.
var StayClosed = stayClosed
