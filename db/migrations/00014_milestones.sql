-- How many resources of a type a company has, and where in their order of creation the n-th one stands, without counting.
-- See db/milestones.go.

-- +goose Up

-- A milestone stands at a position in the order of creation, (created, id): so many resources lie up to and including that
-- position. What is made or removed before it since is a correction, at its own position, so that parallel writers never
-- wait for one row: at every milestone the sum of it and of the corrections up to there is exact.
create table milestones (
    company_id text   not null,
    type       text   not null,
    created    bigint not null,
    id         text   not null,
    passed     bigint not null,
    primary key (company_id, type, created, id)
)
-- +only sqlite
without rowid
-- +end
;

create table milestone_corrections (
    company_id text   not null,
    type       text   not null,
    created    bigint not null,
    id         text   not null,
    n          bigint not null,
    primary key (company_id, type, created, id)
)
-- +only sqlite
without rowid
-- +end
;

-- The corrections are made by the database: whoever writes into resources, of this version or the previous one, cannot
-- forget them. At the end of the order, where nearly all new resources come, there is nothing to correct.

-- +only sqlite
-- +goose StatementBegin
create trigger milestones_created after insert on resources begin
    insert into milestone_corrections (company_id, type, created, id, n)
        select new.company_id, new.type, new.created, new.id, 1
        where (new.created, new.id) <= (select m.created, m.id from milestones m
            where m.company_id = new.company_id and m.type = new.type order by m.created desc, m.id desc limit 1)
        on conflict (company_id, type, created, id) do update set n = n + 1;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger milestones_removed after delete on resources begin
    insert into milestone_corrections (company_id, type, created, id, n)
        select old.company_id, old.type, old.created, old.id, -1
        where (old.created, old.id) <= (select m.created, m.id from milestones m
            where m.company_id = old.company_id and m.type = old.type order by m.created desc, m.id desc limit 1)
        on conflict (company_id, type, created, id) do update set n = n - 1;
end;
-- +goose StatementEnd
-- +end

-- +only postgres
-- +goose StatementBegin
create function milestones_correct() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into milestone_corrections (company_id, type, created, id, n)
            select new.company_id, new.type, new.created, new.id, 1
            where (new.created, new.id) <= (select m.created, m.id from milestones m
                where m.company_id = new.company_id and m.type = new.type order by m.created desc, m.id desc limit 1)
            on conflict (company_id, type, created, id) do update set n = milestone_corrections.n + 1;
    else
        insert into milestone_corrections (company_id, type, created, id, n)
            select old.company_id, old.type, old.created, old.id, -1
            where (old.created, old.id) <= (select m.created, m.id from milestones m
                where m.company_id = old.company_id and m.type = old.type order by m.created desc, m.id desc limit 1)
            on conflict (company_id, type, created, id) do update set n = milestone_corrections.n - 1;
    end if;
    return null;
end $$;
-- +goose StatementEnd
create trigger milestones_correct after insert or delete on resources for each row execute function milestones_correct();
-- +end

-- +goose Down

-- +only sqlite
drop trigger milestones_created;
drop trigger milestones_removed;
-- +end
-- +only postgres
drop trigger milestones_correct on resources;
drop function milestones_correct();
-- +end
drop table milestone_corrections;
drop table milestones;
