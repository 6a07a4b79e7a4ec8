-- +goose Up
-- How many deliveries of a project's endpoint are failing, kept by the
-- transactions that change it.
create table failing_count (
  project_id integer not null,
  endpoint   text   not null,
  n          integer not null,
  primary key (project_id, endpoint)
) strict;
insert into failing_count (project_id, endpoint, n) select project_id, endpoint, count(*) from delivery where failing group by project_id, endpoint;
