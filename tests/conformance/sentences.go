package conformance

// sentences say in plain words what each rule requires, in the order of docs/rooms.md.
var sentences = map[Rule]string{
	"R1":        "a get after the disposal began is refused at once",
	"R2":        "a get with other options than those in use is refused at once, and changes nothing",
	"R3":        "a get of a room that is ready returns that room at once",
	"R4":        "a get of a room that is being opened waits for it, and does not open it again",
	"R5":        "a get of a name that has no room opens one",
	"R6":        "a get of a name whose last room is being released waits until it is gone",
	"R7":        "a release of a name that has no room is done at once",
	"R8":        "a release of a name whose room is being released waits for that release",
	"R9":        "a release rejects the gets that wait until the name's last room is gone, and waits for that too",
	"R10":       "a release of a ready room closes it, and waits until it is gone",
	"R11":       "a release of a room that is being opened rejects the gets that wait, and waits until it is gone",
	"R12":       "the first disposal releases every name at once",
	"R13":       "a disposal waits for all releases, also for those that began before it",
	"R14":       "every later disposal ends as the first one does",
	"R15":       "a disposal reports the releases that failed",
	"R16":       "a caller that stops waiting returns at once, and the work goes on",
	"R17":       "when a room has been opened, every get that waits for it returns it",
	"R18":       "a room that was released while it was being opened is closed as soon as it is open",
	"R19":       "when an opening fails, every get that waits for it fails, and the name is free",
	"R20":       "when an opening fails after its room was released, the release is done",
	"R21":       "when a close has ended, every release that waits for it is settled",
	"R22":       "when a close has ended, the get that waited for the name opens the next room",
	"R23":       "when the last close has ended, every disposal that waits is settled",
	"R24":       "closing the last lease of a room releases that room, and no later room of the name",
	OptionsRule: "a get with options that are not valid is refused at once, and leaves nothing behind",
}

// Sentence returns what the rule requires, in plain words.
func (r Rule) Sentence() string { return sentences[r] }
