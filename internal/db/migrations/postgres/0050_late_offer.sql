-- +goose Up
-- A person's word that an offer counts which was accepted after its order had
-- ended. One word per offer, kept for ever; why says what it could not be
-- followed for.
create table late_offer (
  offer_id text   not null primary key,
  bot      text   not null,
  at       bigint not null,
  by_name  text   not null,
  note     text   not null,
  done_at  bigint not null default 0,
  why      text   not null default ''
);
