-- The audit entries of resources are the event log; event streams, their feeds, what they have to deliver, signing keys.

-- +goose Up

alter table audit_entries add column version bigint not null default 0; -- of a resource, after the change
alter table audit_entries add column txn text not null default '';
alter table audit_entries add column in_force boolean not null default false;
alter table audit_entries add column external_ids text not null default ''; -- JSON object by connection

-- +goose Down

alter table audit_entries drop column external_ids;
alter table audit_entries drop column in_force;
alter table audit_entries drop column txn;
alter table audit_entries drop column version;
