-- The warehouse's tables: what it has packed, and what it remembers of the messages that it has read.

create table parcel (
    id          bigint generated always as identity primary key,  -- drawn in the order of packing
    purchase_id text not null,
    version     integer not null,                                 -- of the event that ordered it
    item        text not null,
    quantity    integer not null
);

-- Events whose effect is committed.
create table inbox (
    event_id    text primary key,
    received_at timestamptz not null default clock_timestamp()
);

-- A place to count the failed attempts at a message.
create table failure (
    event_id text primary key,
    attempts integer not null,
    reason   text not null
);

-- A place to keep a position, for a consumer that wants it beside its effects.
create table position (
    topic       text not null,
    partition   integer not null,                                 -- the Kafka partition
    next_offset bigint not null default 0,
    primary key (topic, partition)
);

-- Attempts at what cannot be packed at once. A sequence also counts what is rolled back.
create sequence attempts_at_unicorns;
create sequence attempts_at_anvils;
create sequence attempts_at_vases;

create function try_to_pack() returns trigger
language plpgsql as $$
begin
    if new.item = 'unicorn' then
        perform nextval('attempts_at_unicorns');
        raise exception 'no shelf holds a unicorn';
    end if;
    if new.item = 'anvil' then
        perform nextval('attempts_at_anvils');
        raise exception 'an anvil falls through every box';
    end if;
    if new.item = 'vase' and nextval('attempts_at_vases') <= 2 then
        raise exception 'the vase does not fit into this box, try the next one';
    end if;
    return new;
end $$;

create trigger try_to_pack before insert on parcel
    for each row execute function try_to_pack();
