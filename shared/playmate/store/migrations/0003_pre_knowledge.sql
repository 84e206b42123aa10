-- What the local insight agent knows: documents of our own with facets. An empty facet fits everywhere.

create table knowledge_documents (
    slug text primary key,
    title text not null,
    body text not null,
    places text[] not null default '{}',
    seasons text[] not null default '{}',
    activities text[] not null default '{}',
    setting text not null default 'either',
    youngest smallint not null default 0,
    oldest smallint not null default 17,
    search tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'C')
    ) stored,
    constraint knowledge_documents_setting_known check (setting in ('outdoor', 'indoor', 'either')),
    constraint knowledge_documents_ages check (youngest between 0 and oldest and oldest <= 17)
);

create index knowledge_documents_search on knowledge_documents using gin (search);
create index knowledge_documents_activities on knowledge_documents using gin (activities);
