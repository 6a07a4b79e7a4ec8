package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Credit keeps a person's word that an offer counts which was accepted after its
// deposit had failed. The running gateway's bot reads the receipt and credits it
// at its next step, or says in [Doctor.Run] why it cannot.
func (doc Doctor) Credit(ctx context.Context, offer string, out io.Writer) error {
	return doc.with(ctx, func(d *db.DB, now time.Time) error {
		trades := trade.New(d)
		open, err := reconcile.New(d, trades, fleet.New(d, nil)).Open(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(open, func(s reconcile.Standing) bool { return s.Kind == reconcile.OfferLate && s.Subject == offer })
		if i < 0 {
			return wrong("--credit %q: no such difference stands; want the WHAT of an offer_late that  skinrail doctor  shows", offer)
		}
		bot, err := steam.ParseID64(open[i].Bot)
		if err != nil {
			return err
		}
		said, err := trades.Say(ctx, bot, trade.Word{Offer: steam.OfferID(offer), By: doc.By, Note: doc.Note}, now)
		if err != nil {
			return err
		}
		text := "Offer %s: its bot reads the receipt and credits the deposit at its next step; look again with  skinrail doctor.\n"
		if !said {
			text = "Offer %s: that was said before.\n"
		}
		_, err = fmt.Fprintf(out, text, offer)
		return err
	})
}

// lateAdvice is what there is to do about a late offer after somebody's word.
func lateAdvice(ctx context.Context, trades *trade.Service, s reconcile.Standing) (string, error) {
	w, said, err := trades.WordOn(ctx, steam.OfferID(s.Subject))
	switch {
	case err != nil || !said:
		return s.Kind.Advice(), err
	case w.Why != "":
		return "cannot be credited as " + w.By + " has said: " + w.Why + "; give the items back by hand, or pay them in with  skinrail project pay-in --ref " + s.Subject + "; then  skinrail doctor --settle", nil
	case w.Done:
		return "credited, by " + w.By + ": it goes at the next look, else end it with  skinrail doctor --settle", nil
	}
	return "nothing: " + w.By + " has said that it counts, its bot credits it at its next step", nil
}
