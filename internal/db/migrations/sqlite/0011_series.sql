-- +goose Up
-- Rows that merchants page through are numbered without holes per project, in
-- the transaction that inserts them, and their creation never goes backwards in
-- that order: how many there are in a window of time is a subtraction.
create table series (
  name       text   not null,
  project_id integer not null,
  n          integer not null,
  at         integer not null,
  primary key (name, project_id)
) strict;

alter table deposit add column seq integer not null default 0;
update deposit set seq = r.n
from (select d.id, row_number() over (partition by d.project_id order by d.created_at, d.id) as n from deposit d) r
where r.id = deposit.id;
create unique index deposit_seq on deposit (project_id, seq);
create index deposit_created on deposit (project_id, created_at, seq);

alter table purchase add column seq integer not null default 0;
update purchase set seq = r.n
from (select p.id, row_number() over (partition by p.project_id order by p.created_at, p.id) as n from purchase p) r
where r.id = purchase.id;
create unique index purchase_seq on purchase (project_id, seq);
create index purchase_created on purchase (project_id, created_at, seq);

insert into series (name, project_id, n, at) select 'deposit', project_id, max(seq), max(created_at) from deposit group by project_id;
insert into series (name, project_id, n, at) select 'purchase', project_id, max(seq), max(created_at) from purchase group by project_id;
