-- The User that a connection is to /Me (RFC 7644 §3.11).

-- +goose Up

alter table connections add column me text not null default ''; -- id; empty: none

-- +goose Down

alter table connections drop column me;
