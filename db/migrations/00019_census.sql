-- What the metrics count is found without looking at everything (db/census.go).

-- +goose Up

create index CONCURRENTLY resources_inactive on resources (company_id) where type = 'User' and not active;
create index CONCURRENTLY resources_held on resources (company_id) where hold <> '';
create index CONCURRENTLY accounts_unsettled on accounts (state) where state in ('pending', 'partial', 'failed');

-- +goose Down

drop index resources_inactive;
drop index resources_held;
drop index accounts_unsettled;
