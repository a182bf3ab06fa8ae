-- The tables of day 11: an order, its event with the headers that travel with it, and what the warehouse has packed.

create table purchase (
    id       text primary key,
    buyer    text not null,
    item     text not null,
    quantity integer not null check (quantity > 0)
);

create table outbox (
    id           bigint generated always as identity primary key,
    purchase_id  text not null references purchase (id),
    version      integer not null,
    kind         text not null,
    payload      jsonb not null,
    headers      jsonb not null default '{}',  -- text by name: whatever must travel with the event
    published_at timestamptz,
    unique (purchase_id, version)
);

create table inbox (
    event_id text primary key
);

create table parcel (
    id          bigint generated always as identity primary key,
    purchase_id text not null,
    item        text not null,
    quantity    integer not null
);
