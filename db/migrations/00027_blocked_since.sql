-- Since when an app has been left alone: its block is made longer with each probe that fails, and began with the first.

-- +goose Up

alter table apps add column blocked_since bigint not null default 0; -- 0: not blocked, or it was before this column

-- +goose Down

alter table apps drop column blocked_since;
