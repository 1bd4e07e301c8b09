-- Resource types of companies' own, and what their attributes ask of the store.

-- +goose Up

create table resource_types (
    company_id text   not null,
    name       text   not null,
    definition text   not null, -- JSON: the documents of RFC 7643 sections 6 and 7
    revision   bigint not null, -- of the company's resource types when this one was last changed
    created    bigint not null,
    primary key (company_id, name)
);

-- How often a company's resource types were changed: what a cache asks.
create table resource_type_revisions (
    company_id text   not null primary key,
    revision   bigint not null
);

-- Values that no two resources of a type have, and ids that resources refer to; each as a hash.
create table attribute_keys (
    company_id  text    not null,
    type        text    not null,
    path        text    not null,
    value       text    not null,
    resource_id text    not null,
    is_unique   boolean not null,
    primary key (company_id, resource_id, path, value),
    foreign key (company_id, resource_id) references resources (company_id, id) on delete cascade
);
create unique index attribute_keys_unique on attribute_keys (company_id, type, path, value) where is_unique;
create index attribute_keys_value on attribute_keys (company_id, value) where not is_unique;

-- Attributes that are never returned, sealed.
create table hidden_attributes (
    company_id  text  not null,
    resource_id text  not null,
    sealed      bytea not null,
    primary key (company_id, resource_id),
    foreign key (company_id, resource_id) references resources (company_id, id) on delete cascade
);

-- +goose Down

drop table hidden_attributes;
drop table attribute_keys;
drop table resource_type_revisions;
drop table resource_types;
