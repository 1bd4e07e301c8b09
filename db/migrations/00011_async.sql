-- Requests that were accepted to be made later (RFC 9967), and their outcomes.

-- +goose Up

create table async_requests (
    company_id    text   not null,
    connection_id text   not null,
    txn           text   not null,
    method        text   not null,
    path          text   not null,
    header        text   not null, -- JSON
    body          bytea  not null, -- sealed; empty once finished
    accepted      bigint not null,
    attempts      bigint not null,
    lease_owner   text   not null,
    lease_until   bigint not null,
    finished      bigint not null,
    outcome       text   not null, -- JSON
    primary key (company_id, txn)
);
create index async_requests_waiting on async_requests (lease_until, accepted) where finished = 0;
create index async_requests_connection on async_requests (company_id, connection_id) where finished = 0;
create index async_requests_finished on async_requests (finished);

-- +goose Down

drop table async_requests;
