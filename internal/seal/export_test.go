package seal

// SyncDir is what makes a new key's name durable.
func SyncDir(path string) error { return syncDir(path) }
