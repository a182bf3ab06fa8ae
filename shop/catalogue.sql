-- What the shop shows, and what it counts about that. One Postgres database, one owner.

create table product (
    id      text primary key,
    name    text not null,
    price   integer not null check (price >= 0),  -- in cents
    version bigint not null default 1             -- counts the changes of this row, for whoever wants to compare
);

-- How often each product's page was looked at.
create table page_view (
    product_id text primary key,
    views      bigint not null default 0
);

-- What has been added to page_view, for whoever wants to add it once only.
create table counted_batch (
    id text primary key
);

-- The price tags in the shop window: a job reckons a price and writes it here, with the token it worked under.
create table price_tag (
    item  text primary key,
    price integer not null default 0,
    token bigint not null default 0
);
