-- What the switches of connections need: references to what is not there yet, what a connection took away, and what is
-- known of the client behind it.

-- +goose Up

-- references of a connection to what it has not sent yet, by externalId.
create table awaited (
    company_id    text not null,
    connection_id text not null,
    holder_id     text not null,
    attribute     text not null, -- members, manager
    value         text not null,
    primary key (company_id, holder_id, connection_id, attribute, value),
    foreign key (company_id, holder_id) references resources (company_id, id) on delete cascade
);
create index awaited_value on awaited (company_id, connection_id, value);

-- Users and Groups that a connection deactivated or deleted lately.
create table losses (
    company_id    text   not null,
    connection_id text   not null,
    at            bigint not null,
    object_id     text   not null,
    primary key (company_id, connection_id, at, object_id)
);
alter table connections add column losses_held bigint not null default 0; -- since when no more are taken; 0: they are
alter table connections add column losses_from bigint not null default 0; -- what came before does not count any more

-- The client as its requests show it, and the attributes that the schemas do not know.
alter table connections add column client text not null default '';
alter table connections add column client_by text not null default '';
create table ignored_attributes (
    company_id    text   not null,
    connection_id text   not null,
    path          text   not null,
    requests      bigint not null,
    last_seen     bigint not null,
    primary key (company_id, connection_id, path)
);

-- +goose Down

drop table ignored_attributes;
alter table connections drop column client_by;
alter table connections drop column client;
alter table connections drop column losses_from;
alter table connections drop column losses_held;
drop table losses;
drop table awaited;
