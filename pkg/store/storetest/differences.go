package storetest

// Ours is what this project's service does on every database.
func Ours() []Capability { return []Capability{SortsReads} }
func typeCases() []Case { return nil }
