-- What the metrics count is found without looking at everything (db/census.go).

-- +goose Up

-- Not "type = 'User'": SQLite plans a statement anew for each value of a parameter that an index compares with a literal.
create index CONCURRENTLY resources_inactive on resources (company_id) where user_name_folded is not null and not active;
create index CONCURRENTLY resources_held on resources (company_id) where hold <> '';
create index CONCURRENTLY accounts_unsettled on accounts (state) where state in ('pending', 'partial', 'failed');

-- +goose Down

drop index resources_inactive;
drop index resources_held;
drop index accounts_unsettled;
