-- How many accounts an app lost lately is found without reading all (db/push_guard.go).

-- +goose Up

create index CONCURRENTLY accounts_retired on accounts (company_id, app_id, retired_at) where retired_at > 0;

-- +goose Down

drop index accounts_retired;
