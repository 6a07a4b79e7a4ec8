package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
)

//go:embed assets
var embedded embed.FS

// Assets are the style and the script under the names they are served by.
func Assets() fs.FS {
	sub, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(fmt.Sprintf("page: %v", err)) // unreachable: the folder is embedded
	}
	return sub
}

// Version is a digest of all assets. It stands in their addresses, so that
// they may be kept forever and a new program shows new ones at once.
func Version() string {
	sum := sha256.New()
	err := fs.WalkDir(Assets(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(Assets(), name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", name, len(body)) // a hash never fails
		_, _ = sum.Write(body)
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("page: %v", err)) // unreachable: the folder is embedded
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
