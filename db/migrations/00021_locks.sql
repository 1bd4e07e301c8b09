-- Changes that take a lock before they look: a statement looks at what was there when it began, and each statement of a
-- function begins by itself. So Postgres makes them in one round trip. See db/apply_postgres.go. A function that must change
-- gets the next number and stays beside this one, for the replicas that still call it.

-- +goose Up

-- +only postgres
-- Writers of one Group's name wait for each other; who comes second learns that the name is taken.
-- +goose StatementBegin
create function claim_name_1(p_company text, p_type text, p_name text, p_id text) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(p_company || ' group ' || p_name, 0));
    return not exists (select 1 from resources where company_id = p_company and type = p_type and name_folded = p_name and id <> p_id);
end $$;
-- +goose StatementEnd

-- Removes a User or a Group with all that hangs on it, notes it, and returns its version: null, and nothing is done, where it
-- is not there in the version expected, or something else than the keepers points to it.
-- +goose StatementBegin
create function remove_resource_1(p_company text, p_at bigint, p_actor_kind text, p_actor_id text, p_actor_name text, p_action text,
    p_type text, p_changed text, p_reason text, p_txn text, p_connection text, p_id text, p_name text, p_expected bigint,
    p_key text, p_keepers text[], p_moment bigint, p_now bigint, p_loss boolean) returns bigint language plpgsql as $$
declare
    v_version bigint;
begin
    -- The lock comes first: a membership that is just being added either is seen below, or fails on its foreign key.
    perform 1 from resources where company_id = p_company and (type = p_type) is true and id = p_id
        and (p_expected = 0 or version = p_expected) for update;
    if not found
        or exists (select 1 from attribute_keys where company_id = p_company and value = p_key and not is_unique
            and resource_id <> p_id and resource_id <> all (p_keepers))
        or exists (select 1 from resources where company_id = p_company and manager = p_id and id <> p_id and id <> all (p_keepers)) then
        return null;
    end if;
    -- The Groups that hold it, in the order of their ids: two who leave the same ones at once do not block each other.
    perform 1 from resources where company_id = p_company and id <> p_id
        and id in (select group_id from members where company_id = p_company and member_id = p_id) order by id for no key update;
    with kept as (insert into removed_resources (company_id, id, type, name, body, parents, members, external_ids, removed)
            select r.company_id, r.id, r.type, coalesce(nullif(r.user_name, ''), r.display_name), r.body,
                (select coalesce(jsonb_agg(m.group_id), '[]') from members m where m.company_id = p_company and m.member_id = p_id),
                (select coalesce(jsonb_agg(m.member_id), '[]') from members m where m.company_id = p_company and m.group_id = p_id),
                (select coalesce(json_object_agg(x.connection_id, x.external_id)::text, '{}') from external_ids x
                    where x.company_id = p_company and x.resource_id = p_id), p_moment
            from resources r where r.company_id = p_company and r.id = p_id
            on conflict (company_id, id) do update set body = excluded.body, name = excluded.name, parents = excluded.parents,
                members = excluded.members, external_ids = excluded.external_ids, removed = excluded.removed),
        parted as (delete from members where company_id = p_company and member_id = p_id returning group_id),
        freed as (delete from members where company_id = p_company and group_id = p_id returning member_type, member_id),
        written as (delete from emails where company_id = p_company and user_id = p_id),
        ended as (delete from sessions where company_id = p_company and user_id = p_id),
        called as (delete from external_ids where company_id = p_company and resource_id = p_id returning connection_id, external_id),
        raised as (update resources set version = version + 1, modified = p_moment where company_id = p_company and id <> p_id
            and id in (select group_id from parted) returning id, version, display_name),
        gone as (delete from resources where company_id = p_company and id = p_id returning id, version, user_name, display_name),
        noted as (insert into audit_entries (company_id, at, actor_kind, actor_id, actor_name, action, object_type, object_id,
                object_name, changed, reason, version, txn, in_force, external_ids)
            select p_company, e.at, p_actor_kind, p_actor_id, p_actor_name, e.action, e.type, e.id, e.name, e.changed, e.reason,
                e.version, p_txn, e.in_force, e.external_ids
            from (select 0 as step, p_moment as at, 'modify' as action, 'Group' as type, id, display_name as name,
                    '["members"]' as changed, '' as reason, version, true as in_force, '' as external_ids from raised
                union all select 1, p_at, p_action, p_type, id, coalesce(nullif(p_name, ''), nullif(user_name, ''), display_name),
                    p_changed, p_reason, version, false,
                    coalesce((select json_object_agg(connection_id, external_id)::text from called), '') from gone) as e
            order by e.step, e.id),
        marked as (insert into dirty (company_id, object_type, object_id, seq, marked_at)
            select p_company, o.type, o.id, p_now, p_now from (select 'Group' as type, id from raised
                union select p_type, id from gone union select member_type, member_id from freed) as o
            order by o.type, o.id
            on conflict (company_id, object_type, object_id) do update set
            seq = case when dirty.seq < excluded.seq then excluded.seq else dirty.seq + 1 end, marked_at = excluded.marked_at)
    select version into v_version from gone;
    if p_loss then -- see addLoss
        insert into losses (company_id, connection_id, at, object_id) values (p_company, p_connection, p_moment, p_id) on conflict do nothing;
        delete from losses where company_id = p_company and connection_id = p_connection and at < p_moment - 2 * 86400000000;
    end if;
    return v_version;
end $$;
-- +goose StatementEnd
-- +end

-- +goose Down

-- +only postgres
drop function claim_name_1;
drop function remove_resource_1;
-- +end
