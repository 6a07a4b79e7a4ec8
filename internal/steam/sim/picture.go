package sim

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"net/http"
)

// picture draws a small image for any icon or avatar: stripes in colours of its
// name, so that equal items look equal.
func (s *Sim) picture(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.PathValue("icon")))
	img := image.NewPaletted(image.Rect(0, 0, 96, 72), color.Palette{
		color.RGBA{sum[0]/2 + 32, sum[1]/2 + 32, sum[2]/2 + 32, 255},
		color.RGBA{sum[3]/2 + 96, sum[4]/2 + 96, sum[5]/2 + 96, 255},
	})
	width := 6 + int(sum[6])%18
	for y := range 72 {
		for x := range 96 {
			if (x+y)/width%2 == 1 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		s.log.Error("simulated steam: picture", "error", err)
	}
	p := reply{status: http.StatusOK, ctype: "image/png", raw: b.Bytes()}
	p.write(w)
}
