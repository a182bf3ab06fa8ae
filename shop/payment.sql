-- What the shop knows of each payment. One Postgres database, one owner.

create table payment (
    key         text primary key,                -- the idempotency key: chosen once by whoever wants to pay
    purchase_id text not null,
    buyer       text not null,
    amount      integer not null check (amount > 0),       -- in cents
    status      text not null default 'started' check (status in ('started', 'charged', 'declined')),
    charge_id   text,                            -- the gateway's number, once it has taken the money
    started_at  timestamptz not null default now()
);
