-- When an account's access was taken away, and what a person decided about it (push.Guard).

-- +goose Up

alter table accounts add column retired_at bigint not null default 0; -- 0: never
alter table accounts add column unasked boolean not null default false; -- it was taken away without anybody's decision
alter table accounts add column allowed_gen bigint not null default 0; -- the generation whose removal a person allowed

-- +goose Down

alter table accounts drop column allowed_gen;
alter table accounts drop column unasked;
alter table accounts drop column retired_at;
