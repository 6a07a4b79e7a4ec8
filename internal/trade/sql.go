package trade

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade/sqlc"
)

// Written by hand because they are in every purchase.
var (
	insertSQL = db.NewList("insert into trade (reference, owner, bot, partner, token, direction, state, version, due_at, deadline, created_at) values ",
		"($1, $2, $3, $4, $5, $6, 'wanted', 1, $7, $8, $9)", " returning id, reference")
	insertAssetSQL = db.NewList("insert into trade_asset (trade_id, line, app, context, asset, class_id, instance_id, name) values ",
		"($1, $2, $3, $4, $5, $6, $7, $8)", "")
)

// insert stores new trades, which are wanted, and sets their ids.
func insert(tx *db.Tx, ts []Trade) error {
	rows, assets := make([]any, 0, 9*len(ts)), make([]any, 0, 8*len(ts))
	for _, t := range ts {
		rows = append(rows, t.Reference, t.Owner, t.Bot.String(), t.Partner.String(), t.Token, t.Direction,
			db.Micros(t.DueAt), db.Micros(t.Deadline), db.Micros(t.CreatedAt))
	}
	ids := make(map[string]int64, len(ts))
	err := tx.Together(insertSQL.Query(rows, func(row db.Scanner) error {
		var id int64
		var reference string
		err := row.Scan(&id, &reference)
		ids[reference] = id
		return err
	})...)
	if err != nil {
		return err
	}
	for i := range ts {
		t := &ts[i]
		t.ID = ids[t.Reference]
		if err := tx.Lift("trade", &t.ID); err != nil {
			return err
		}
		for line, a := range t.Assets {
			assets = append(assets, t.ID, line, int64(a.App), a.Context, a.ID, a.ClassID, a.InstanceID, a.Name)
		}
	}
	return tx.Together(insertAssetSQL.Exec(assets, nil)...)
}

// update writes next over t if t is still what is stored.
func update(ctx context.Context, tx *db.Tx, t, next Trade, receipt *steam.Trade, now time.Time) error {
	var ended int64
	if !next.State.Live() {
		ended = db.Micros(now)
	}
	q := sqlc.New(tx)
	n, err := q.UpdateTrade(ctx, sqlc.UpdateTradeParams{State: string(next.State), Problem: next.Problem,
		OfferID: null(string(next.OfferID)), SteamTrade: null(string(next.SteamTrade)), Tries: next.Tries, Misses: next.Misses,
		DueAt: db.Micros(next.DueAt), SentAt: db.Micros(next.SentAt), AcceptedAt: db.Micros(next.AcceptedAt),
		SettleAt: db.Micros(next.SettleAt), EndedAt: ended, ID: t.ID, Version: t.Version})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.WrongState, "trade %d is not in version %d any more", t.ID, t.Version)
	}
	if receipt == nil {
		return nil
	}
	for i, a := range next.Assets {
		err := q.SetNewAsset(ctx, sqlc.SetNewAssetParams{NewContext: a.NewContext, NewAsset: a.NewAsset, TradeID: t.ID, Line: int64(i)})
		if err != nil {
			return err
		}
	}
	return nil
}

func insertMove(ctx context.Context, tx *db.Tx, t Trade, m Move) error {
	return sqlc.New(tx).InsertMove(ctx, sqlc.InsertMoveParams{TradeID: t.ID, Version: t.Version,
		FromState: string(m.From), ToState: string(m.To), At: db.Micros(m.At), Note: m.Reason})
}

// ByID reads one trade with its assets; [fault.NotFound] when there is none.
func (s *Service) ByID(ctx context.Context, id int64) (Trade, error) {
	row, err := sqlc.New(s.db.Read()).ByID(ctx, id)
	return s.full(ctx, row, err)
}

// ByReference finds the trade whose code stands in an offer's message.
func (s *Service) ByReference(ctx context.Context, ref string) (Trade, error) {
	row, err := sqlc.New(s.db.Read()).ByReference(ctx, ref)
	return s.full(ctx, row, err)
}

// LiveOf is the order's trade that has not ended; [fault.NotFound] when it has
// none.
func (s *Service) LiveOf(ctx context.Context, owner string) (Trade, error) {
	row, err := sqlc.New(s.db.Read()).LiveOf(ctx, owner)
	return s.full(ctx, row, err)
}

// Moves are the steps that a trade has taken, oldest first.
func (s *Service) Moves(ctx context.Context, id int64) ([]Move, error) {
	rows, err := sqlc.New(s.db.Read()).Moves(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("moves of trade %d: %w", id, err)
	}
	all := make([]Move, 0, len(rows))
	for _, r := range rows {
		all = append(all, Move{From: State(r.FromState), To: State(r.ToState), At: db.Time(r.At), Reason: r.Note})
	}
	return all, nil
}

// BySteamTrade finds the trade that Steam's record belongs to.
func (s *Service) BySteamTrade(ctx context.Context, id steam.TradeID) (Trade, error) {
	row, err := sqlc.New(s.db.Read()).BySteamTrade(ctx, null(string(id)))
	return s.full(ctx, row, err)
}

func (s *Service) full(ctx context.Context, row sqlc.Trade, err error) (Trade, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Trade{}, fault.New(fault.NotFound, "no such trade")
	}
	if err != nil {
		return Trade{}, err
	}
	t := fromRow(row)
	assets, err := sqlc.New(s.db.Read()).Assets(ctx, t.ID)
	if err != nil {
		return Trade{}, err
	}
	for _, a := range assets {
		t.Assets = append(t.Assets, asset(a))
	}
	return t, nil
}

// Open lists a bot's trades whose offers may still move, oldest first.
func (s *Service) Open(ctx context.Context, bot steam.ID64) ([]Trade, error) {
	q := sqlc.New(s.db.Read())
	assets, err := q.OpenAssets(ctx, bot.String()) // first: what is wanted in between has none, and comes next time
	if err != nil || len(assets) == 0 {
		return nil, err
	}
	rows, err := q.Open(ctx, bot.String())
	return together(rows, assets), err
}

// Since lists a bot's trades that have moves left or have ended since a moment,
// oldest first.
func (s *Service) Since(ctx context.Context, bot steam.ID64, since time.Time) ([]Trade, error) {
	q := sqlc.New(s.db.Read())
	assets, err := q.SinceAssets(ctx, sqlc.SinceAssetsParams{Bot: bot.String(), Since: db.Micros(since)})
	if err != nil {
		return nil, err
	}
	rows, err := q.Since(ctx, sqlc.SinceParams{Bot: bot.String(), Since: db.Micros(since)})
	return together(rows, assets), err
}

// together gives trades their assets. No trade is without some: one whose
// assets are not there was made after they were read, and is left out.
func together(rows []sqlc.Trade, assets []sqlc.TradeAsset) []Trade {
	of := make(map[int64][]Asset, len(rows))
	for _, a := range assets {
		of[a.TradeID] = append(of[a.TradeID], asset(a))
	}
	trades := make([]Trade, 0, len(rows))
	for _, r := range rows {
		if list := of[r.ID]; len(list) > 0 {
			t := fromRow(r)
			t.Assets = list
			trades = append(trades, t)
		}
	}
	return trades
}

func asset(a sqlc.TradeAsset) Asset {
	return Asset{Asset: steam.Asset{App: steam.AppID(a.App), Context: a.Context, ID: a.Asset}, // #nosec G115 -- written from an AppID
		ClassID: a.ClassID, InstanceID: a.InstanceID, Name: a.Name, NewContext: a.NewContext, NewAsset: a.NewAsset}
}

// Waits reports whether a bot has accepted trades that are not settled.
func (s *Service) Waits(ctx context.Context, bot steam.ID64) (bool, error) {
	return sqlc.New(s.db.Read()).Waits(ctx, bot.String())
}

// Due lists a bot's accepted trades whose time has come, the longest due first,
// those left out whose record was read within a pause.
func (s *Service) Due(ctx context.Context, bot steam.ID64, now time.Time, pause time.Duration, limit int) ([]Trade, error) {
	rows, err := sqlc.New(s.db.Read()).Due(ctx, sqlc.DueParams{Bot: bot.String(), Now: db.Micros(now),
		UnreadSince: db.Micros(now.Add(-pause)), AtMost: int32(limit)}) // #nosec G115 -- small
	return s.all(ctx, rows, err)
}

func (s *Service) all(ctx context.Context, rows []sqlc.Trade, err error) ([]Trade, error) {
	if err != nil {
		return nil, err
	}
	trades := make([]Trade, 0, len(rows))
	for _, r := range rows {
		t, err := s.full(ctx, r, nil)
		if err != nil {
			return nil, err
		}
		trades = append(trades, t)
	}
	return trades, nil
}

// NextDue is when time alone next asks for a step; false when it never does.
func (s *Service) NextDue(ctx context.Context) (time.Time, bool, error) {
	v, err := sqlc.New(s.db.Read()).NextDue(ctx)
	if err != nil {
		return time.Time{}, false, err
	}
	due, _ := v.(int64)
	return db.Time(due), due > 0, nil
}

// Checked remembers when Steam's record of an accepted trade was read last.
func (s *Service) Checked(ctx context.Context, id int64, now time.Time) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).Checked(ctx, sqlc.CheckedParams{CheckedAt: db.Micros(now), ID: id})
	})
}

func fromRow(r sqlc.Trade) Trade {
	return Trade{ID: r.ID, Reference: r.Reference, Owner: r.Owner, Bot: mustID(r.Bot), Partner: mustID(r.Partner),
		Token: r.Token, Direction: r.Direction, State: State(r.State), Problem: r.Problem,
		OfferID: steam.OfferID(r.OfferID.String), SteamTrade: steam.TradeID(r.SteamTrade.String), Version: r.Version,
		Tries: r.Tries, Misses: r.Misses, DueAt: db.Time(r.DueAt), Deadline: db.Time(r.Deadline), CreatedAt: db.Time(r.CreatedAt),
		SentAt: db.Time(r.SentAt), AcceptedAt: db.Time(r.AcceptedAt), SettleAt: db.Time(r.SettleAt),
		CheckedAt: db.Time(r.CheckedAt)}
}

// mustID reads an id that this room wrote itself.
func mustID(s string) steam.ID64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return steam.ID64(n)
}

func null(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
