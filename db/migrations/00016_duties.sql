-- What is done once for the whole cluster, by one replica at a time. It is nobody's in particular: no company.

-- +goose Up

create table duties (
    name        text   not null primary key,
    owner       text   not null, -- the replica that does it now; empty: nobody
    lease_until bigint not null, -- then another may take it, whatever became of the owner
    due         bigint not null, -- when it is to be done again
    started     bigint not null,
    finished    bigint not null,
    outcome     text   not null  -- of the last time: empty, or what failed
);

-- +goose Down

drop table duties;
