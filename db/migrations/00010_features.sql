-- Optional parts of SCIM that a company turned on, and since when somebody is a member of a Group.

-- +goose Up

alter table companies add column features text not null default '{}'; -- JSON
alter table members add column created bigint not null default 0; -- 0: from before this column

-- +goose Down

alter table members drop column created;
alter table companies drop column features;
