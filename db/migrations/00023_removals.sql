-- When an account's access was taken away, and what a person decided about it (push.Guard).

-- +goose Up

alter table accounts add column retired_at bigint not null default 0; -- 0: never
alter table accounts add column unasked boolean not null default false; -- it was taken away without anybody's decision
alter table accounts add column allowed_gen bigint not null default 0; -- the generation whose removal a person allowed

-- How many were taken away lately.
create index accounts_retired on accounts (company_id, app_id, retired_at) where retired_at > 0;

-- +goose Down

drop index accounts_retired;
alter table accounts drop column allowed_gen;
alter table accounts drop column unasked;
alter table accounts drop column retired_at;
