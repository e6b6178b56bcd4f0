package ablychat

import (
	"fmt"
	"log"

	"github.com/ably/ably-go/ably"
)

// cleanLog writes what ably-go logs where ably-go writes it by itself, without the keys and tokens that stand in the addresses of its errors. It is
// for clients that are made here; options of the caller's come after it.
type cleanLog struct{}

func (cleanLog) Printf(level ably.LogLevel, format string, values ...any) {
	log.Print(secrets.ReplaceAllString(fmt.Sprintf("[%s] %s", level, fmt.Sprintf(format, values...)), "$1"))
}
