"""The tables, as migrations: each runs once, all under one writer's lock."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("watcher")


@migrations()
def m001_first(db: Database) -> None:
    """Create sources, items, articles, the corpus and its index, alerts and the outbox."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m002_mutes(db: Database) -> None:
    """Create mutes, and let an alert name the watchlists a mute kept it from."""
    db.execute(
        "create table mutes (id integer primary key, kind text not null, target text not null, label text not null,"
        " watchlist text, reason text not null, created text not null, until text)"
    )
    db.execute("alter table alerts add column muted text not null default '{}'")


@migrations()
def m003_index(db: Database) -> None:
    """Put the index into one integer a posting, in tables that can be dropped with what is too old."""
    for statement in _INDEX.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def m004_listed(db: Database) -> None:
    """Let retention see at once which items a feed still listed when it last gave any (a 304 lists none)."""
    db.execute("create index items_listed on items (source, last_seen)")


@migrations()
def m005_records(db: Database) -> None:
    """Let retention find the stories that are old."""
    db.execute("create index stories_first_seen on stories (first_seen)")


@migrations()
def m006_templates(db: Database) -> None:
    """Keep what is wrong with a channel's template until it is mended."""
    db.execute("alter table channels add column template text not null default ''")


@migrations()
def m007_addresses(db: Database) -> None:
    """Keep a mark of where a channel delivers, so that another address ends what was wrong with the old one."""
    db.execute("alter table channels add column address text not null default ''")


# Times are ISO 8601 in UTC with microseconds, so that they sort as text.
_FIRST = """
create table meta (name text primary key, value text not null) without rowid;

create table sources (
  id integer primary key,
  key text not null unique,
  kind text not null,
  name text not null,
  outlet text not null,
  grp text not null default '',
  present integer not null default 1,
  gone integer not null default 0,
  cursor text not null default '{}',
  baseline integer not null default 1,
  due text,
  lease_token integer not null default 0,
  lease_until text,
  last_attempt text,
  last_success text,
  failures integer not null default 0,
  failing_since text,
  error text,
  problems text not null default '[]',
  newest text,
  moved_to text
);
create index sources_due on sources (due) where due is not null and present = 1 and gone = 0;

create table items (
  id integer primary key,
  source integer not null references sources (id),
  key text not null,
  canonical_url text,
  content_hash text not null,
  entry text not null,
  path text,
  state text not null,
  stage text not null default 'first',
  mode text not null default 'news',
  judgement integer not null default 0,
  tries integer not null default 0,
  looks integer not null default 0,
  due text,
  rank text not null default '',
  lease_token integer not null default 0,
  lease_until text,
  first_seen text not null,
  last_seen text not null,
  article text,
  error text,
  unique (source, key)
);
create index items_due on items (due, rank) where due is not null;
create index items_url on items (source, canonical_url) where canonical_url is not null;
create index items_path on items (path) where path is not null;
create index items_error on items (source) where error is not null;

create table documents (
  id integer primary key,
  key text not null unique,
  article text,
  item integer,
  origin text not null,
  title text not null,
  url text,
  source text not null,
  outlet text not null,
  published text,
  language text,
  stored text not null,
  words real not null,
  cluster integer not null,
  story text,
  shape blob not null
);
create index documents_stored on documents (stored);
create index documents_story on documents (story) where story is not null;
create index documents_cluster on documents (cluster);
create table texts (document integer primary key references documents (id), text text not null);
create table titles (key integer not null, document integer not null, primary key (key, document)) without rowid;
create table recent (hash integer not null, document integer not null, primary key (hash, document)) without rowid;
create table main (hash integer not null, document integer not null, primary key (hash, document)) without rowid;
create table boilerplate (hash integer primary key) without rowid;
create table reports (document integer not null, watchlist text not null, primary key (document, watchlist)) without rowid;

create table articles (
  id text primary key,
  item integer not null,
  judgement integer not null,
  document integer not null,
  title text not null,
  url text,
  source_id integer not null,
  source text not null,
  outlet text not null,
  author text,
  published text,
  found text not null,
  language text,
  words real not null,
  new_words real not null,
  verdict text not null,
  reason text not null,
  novel text not null,
  look_alikes text not null,
  story text,
  partial integer not null default 0,
  resurfaced_seed integer
);
create index articles_found on articles (found);
create index articles_url on articles (url) where url is not null;
create index articles_source on articles (source_id, found);
create index articles_item on articles (item, judgement);
create index articles_document on articles (document);
create index articles_story on articles (story, found) where story is not null;
create index articles_seed on articles (resurfaced_seed, found) where resurfaced_seed is not null;

create table matches (
  article text not null references articles (id),
  watchlist text not null,
  alerts integer not null,
  reason text not null,
  condition text not null,
  hits text not null,
  found text not null,
  primary key (article, watchlist)
) without rowid;
create index matches_silent on matches (found) where alerts = 0;

create table stories (id text primary key, first_seen text not null, first_source text not null, first_title text not null) without rowid;

create table alerts (
  id text primary key,
  article text not null,
  item integer,
  verdict text not null,
  watchlists text not null,
  title text not null,
  url text,
  source text not null,
  reason text not null,
  story text,
  created text not null,
  content text not null
);
create index alerts_created on alerts (created);
create index alerts_article on alerts (article);
create index alerts_story on alerts (story, created) where story is not null;
create index alerts_item on alerts (item, created) where item is not null;
create table alert_watchlists (watchlist text not null, created text not null, alert text not null, primary key (watchlist, created, alert)) without rowid;

create table deliveries (
  id text primary key,
  kind text not null,
  alert text,
  bundle text,
  channel text not null,
  recipient text not null,
  state text not null,
  hold text,
  content text not null,
  body blob,
  sequence integer not null default 0,
  watchlists text not null,
  subject text not null default '',
  story text,
  created text not null,
  due text,
  attempts integer not null default 0,
  reason text not null default '',
  lease_token integer not null default 0,
  lease_until text,
  done text
);
create index deliveries_due on deliveries (due) where state = 'due';
create index deliveries_held on deliveries (channel, recipient, due) where state = 'held';
create index deliveries_state on deliveries (state, created);
create index deliveries_alert on deliveries (alert) where alert is not null;
create index deliveries_bundle on deliveries (bundle) where bundle is not null;
create index deliveries_story on deliveries (story, channel, recipient) where story is not null;
create table attempts (delivery text not null, at text not null, outcome text not null, detail text not null);
create index attempts_delivery on attempts (delivery);

create table channels (
  name text primary key,
  present integer not null default 1,
  sequence integer not null default 0,
  failures integer not null default 0,
  probes integer not null default 0,
  retry text,
  disabled integer not null default 0,
  reason text not null default '',
  since text
) without rowid;
create table watchlists (name text primary key, created text not null, present integer not null default 1) without rowid
"""

# A posting is the upper 36 bits of a hash and the 28 bits of a document's id (index.py).
_INDEX = """
create table postings (posting integer primary key);
insert or ignore into postings select (hash & -268435456) | document from recent order by 1;
insert or ignore into postings select (hash & -268435456) | document from main order by 1;
drop table recent;
drop table main;
alter table postings rename to recent;
create table lasting (posting integer primary key);
create table parts (number integer primary key, first integer not null, opened text not null);
create table part_1 (posting integer primary key);
insert into parts (number, first, opened) select 1, id, stored from documents order by id limit 1;
drop index documents_stored;
create index documents_passing on documents (stored) where origin in ('article', 'baseline');
create index documents_lasting on documents (id) where origin in ('seed', 'added');
create index titles_document on titles (document)
"""
