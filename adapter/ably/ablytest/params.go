package ablytest

import (
	"strconv"
	"strings"
	"time"
)

// channelParams has the meaning of the params of an ATTACH.
type channelParams struct {
	// recognised has the params that ATTACHED repeats: those that the server serves. "agent" is not
	// repeated.
	recognised map[string]string
	modes      Flags
	rewind     func(*messageLog) []*publish
}

const maxRewind = 100

// parseChannelParams reads params. It returns an error if a known param has an invalid value.
func parseChannelParams(params Params) (channelParams, *ErrorInfo) {
	var out channelParams
	for name, value := range params {
		switch name {
		case "": // see Params
			return channelParams{}, errInvalidParam("channel params must be an object, not %s", value)
		case "delta":
			// A client that requests deltas must also accept whole messages, and gets only those.
			if value != "vcdiff" {
				return channelParams{}, errInvalidParam("invalid delta %q in the channel params", value)
			}
		case "modes":
			for _, word := range strings.Split(value, ",") {
				mode, ok := modeByName(word)
				if !ok {
					return channelParams{}, errInvalidParam("unknown mode %q in the channel params", word)
				}
				out.modes |= mode
			}
		case "rewind":
			rewind, ok := parseRewind(value)
			if !ok {
				return channelParams{}, errInvalidParam("invalid rewind %q in the channel params", value)
			}
			out.rewind = rewind
		case "occupancy":
			if value != "metrics" && !strings.HasPrefix(value, "metrics.") {
				return channelParams{}, errInvalidParam("invalid occupancy %q in the channel params", value)
			}
		default:
			continue
		}
		if out.recognised == nil {
			out.recognised = map[string]string{}
		}
		out.recognised[name] = value
	}
	return out, nil
}

// parseRewind reads the rewind param: a number of messages, or a time such as "15s" or "2m".
func parseRewind(value string) (func(*messageLog) []*publish, bool) {
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return func(l *messageLog) []*publish { return l.last(min(n, maxRewind), 0) }, true
	}
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute}
	if len(value) > 1 {
		if d, ok := unit[value[len(value)-1]]; ok {
			if n, err := strconv.Atoi(value[:len(value)-1]); err == nil && n > 0 {
				return func(l *messageLog) []*publish { return l.last(maxRewind, time.Duration(n)*d) }, true
			}
		}
	}
	return nil, false
}
