-- Fewer bytes a user. See db/attribute_sets.go.

-- +goose Up

-- The names of attributes that entries of the record say to have changed: an identity provider's creations name the same
-- ones again and again.
create table attribute_sets (
    company_id text not null,
    id         text not null, -- the beginning of a hash of names
    names      text not null, -- JSON array
    primary key (company_id, id)
)
-- +only sqlite
without rowid
-- +end
;

-- Id of the attribute set that stands for `changed`, which is [] then; empty: none does. No foreign key: each entry would
-- lock the set's row.
alter table audit_entries add column attributes text not null default '';

-- SQLite keeps a composite key twice, in the table and in its index, unless the table is made without rowid. Nothing
-- refers to these tables, and one process uses the file, so they may be made anew.
-- +only sqlite
create table members_anew (
    company_id  text not null,
    group_id    text not null,
    member_id   text not null,
    member_type text not null,
    created     bigint not null default 0,
    primary key (company_id, group_id, member_id),
    foreign key (company_id, member_id) references resources (company_id, id) on delete cascade
) without rowid;
insert into members_anew (company_id, group_id, member_id, member_type, created)
    select company_id, group_id, member_id, member_type, created from members order by company_id, group_id, member_id;
drop table members;
alter table members_anew rename to members;
create index members_member on members (company_id, member_id, group_id);

create table emails_anew (
    company_id text    not null,
    user_id    text    not null,
    position   bigint  not null,
    value      text    not null,
    folded     text    not null,
    type       text    not null,
    is_primary boolean not null,
    primary key (company_id, user_id, position)
) without rowid;
insert into emails_anew (company_id, user_id, position, value, folded, type, is_primary)
    select company_id, user_id, position, value, folded, type, is_primary from emails order by company_id, user_id, position;
drop table emails;
alter table emails_anew rename to emails;
create index emails_folded on emails (company_id, folded, user_id);

create table external_ids_anew (
    company_id    text not null,
    connection_id text not null,
    type          text not null,
    resource_id   text not null,
    external_id   text not null,
    primary key (company_id, resource_id, connection_id)
) without rowid;
insert into external_ids_anew (company_id, connection_id, type, resource_id, external_id)
    select company_id, connection_id, type, resource_id, external_id from external_ids order by company_id, resource_id, connection_id;
drop table external_ids;
alter table external_ids_anew rename to external_ids;
create index external_ids_value on external_ids (company_id, connection_id, type, external_id, resource_id);
-- +end

-- +goose Down

-- The tables without rowid stay: they hold what they held, under the same names.
update audit_entries set changed = (select s.names from attribute_sets s where s.company_id = audit_entries.company_id
    and s.id = audit_entries.attributes) where attributes <> '';
alter table audit_entries drop column attributes;
drop table attribute_sets;
