package trade

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/steam"
)

// Topic wakes every bot.
const Topic = "trade"

// TopicOf is woken when a trade of the bot is wanted or given up: the others
// have nothing to do.
func TopicOf(bot steam.ID64) string { return Topic + "/" + bot.String() }

// Directions of the items, from the bot's point of view.
const (
	Give    = "give"
	Receive = "receive"
)

// Trade is one intended or made offer.
type Trade struct {
	ID         int64
	Reference  string // unique; stands in the offer's message
	Owner      string // "deposit/17", "purchase/5"
	Bot        steam.ID64
	Partner    steam.ID64
	Token      string
	Direction  string
	State      State
	Problem    string // why it waits or ended
	OfferID    steam.OfferID
	SteamTrade steam.TradeID
	Version    int64
	Tries      int64     // sends so far
	Misses     int64     // read-backs of an unclear send that found nothing
	DueAt      time.Time // when time itself asks for the next step
	Deadline   time.Time // an offer not accepted by then is canceled
	CreatedAt  time.Time
	SentAt     time.Time
	AcceptedAt time.Time
	SettleAt   time.Time // zero: not protected
	CheckedAt  time.Time
	Assets     []Asset
}

// Asset is one item of a trade, and under which id it went on.
type Asset struct {
	steam.Asset
	ClassID, InstanceID  string
	Name                 string
	NewContext, NewAsset string
}

// Protected reports whether the accepted trade can still be reversed for a while.
func (t Trade) Protected() bool { return !t.SettleAt.IsZero() }

// Move is one step of a trade, as its owner hears it.
type Move struct {
	From, To State
	At       time.Time
	Reason   string
	Word     string // of a late acceptance: who has said that it counts; empty: nobody
}

// Late reports that an offer was accepted after its trade had ended.
func (m Move) Late() bool { return m.From == Failed && m.To == Accepted }

// Reasons of a canceled trade; a failed one carries Steam's refusal.
const (
	ReasonDeadline  = "deadline"
	ReasonElsewhere = "canceled_elsewhere"
	ReasonEscrow    = "escrow"
	ReasonItemsGone = "items_gone"
	ReasonNotMade   = "not_created"
	ReasonMoved     = "items_moved"    // they went elsewhere while the offer stood
	ReasonEarly     = "declined_early" // faster than a person: somebody else may use the account
)

// Owner keeps the order a trade belongs to. TradeMovedTx runs inside the
// move's own transaction and may run more than once.
type Owner interface {
	TradeMovedTx(ctx context.Context, tx *db.Tx, t Trade, m Move) error
}

// Service is the room. Owners are registered before the first move.
type Service struct {
	Random random.Source // of references

	db     *db.DB
	mu     sync.RWMutex
	owners map[string]Owner
}

// New makes the room on an open database.
func New(d *db.DB) *Service { return &Service{db: d, owners: map[string]Owner{}} }

// Register names the owner of all orders whose name starts with prefix + "/".
func (s *Service) Register(prefix string, o Owner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[prefix] = o
}

func (s *Service) owner(name string) (Owner, error) {
	prefix, _, _ := strings.Cut(name, "/")
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.owners[prefix]
	if !ok {
		return nil, fmt.Errorf("trade of %q has no owner", name)
	}
	return o, nil
}

// Want is an intended offer.
type Want struct {
	Owner     string
	Bot       steam.ID64
	Partner   steam.ID64
	Token     string
	Direction string
	Assets    []Asset
	Deadline  time.Time
	Now       time.Time
}

// referenceAlphabet leaves out letters that are mistaken for one another.
const referenceAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newReference makes the code that payers compare and read-backs search for.
func (s *Service) newReference() string {
	b := make([]byte, 10)
	_, _ = s.Random.Read(b)
	for i := range b {
		b[i] = referenceAlphabet[int(b[i])%len(referenceAlphabet)]
	}
	return string(b)
}

// Message is the text of the offer: it starts with the reference.
func (t Trade) Message() string {
	return t.Reference + " - check that this code stands on the payment page"
}

// ReferenceIn is the reference that the text of an offer starts with, if it is
// one of ours.
func ReferenceIn(message string) string {
	reference, _, _ := strings.Cut(message, " ")
	return reference
}

// WantTx records the intent inside the caller's write. A second live trade of
// the same owner is [fault.WrongState].
func (s *Service) WantTx(ctx context.Context, tx *db.Tx, w Want) (Trade, error) {
	ts, err := s.WantAllTx(ctx, tx, w)
	if err != nil {
		return Trade{}, err
	}
	return ts[0], nil
}

// WantAllTx is [Service.WantTx] for many.
func (s *Service) WantAllTx(_ context.Context, tx *db.Tx, ws ...Want) ([]Trade, error) {
	ts := make([]Trade, len(ws))
	for i, w := range ws {
		if len(w.Assets) == 0 {
			return nil, fault.New(fault.InvalidRequest, "a trade needs items")
		}
		ts[i] = Trade{Reference: s.newReference(), Owner: w.Owner, Bot: w.Bot, Partner: w.Partner, Token: w.Token,
			Direction: w.Direction, State: Wanted, Version: 1, Deadline: w.Deadline, CreatedAt: w.Now, DueAt: w.Now, Assets: w.Assets}
	}
	if err := insert(tx, ts); err != nil {
		if db.IsUnique(err) {
			return nil, fault.New(fault.WrongState, "%s already has a live trade", ws[0].Owner)
		}
		return nil, fmt.Errorf("want trade for %s: %w", ws[0].Owner, err)
	}
	for _, w := range ws {
		tx.Wake(TopicOf(w.Bot))
	}
	return ts, nil
}
