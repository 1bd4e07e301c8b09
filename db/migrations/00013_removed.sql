-- Users and Groups that were deleted, kept for a while so that an administrator can bring them back.

-- +goose Up

create table removed_resources (
    company_id   text    not null,
    id           text    not null,
    type         text    not null,
    name         text    not null,
    body         JSONDOC not null,
    parents      JSONDOC not null, -- array: ids of the Groups that held it
    members      JSONDOC not null, -- array: ids of a Group's members
    external_ids text    not null, -- JSON object by connection
    removed      bigint  not null,
    primary key (company_id, id)
);
create index removed_resources_time on removed_resources (company_id, removed);
create index removed_resources_purge on removed_resources (removed);

-- +goose Down

drop table removed_resources;
