-- name: put_documents
-- The whole set at once, by slug; unchanged documents are not written.
insert into knowledge_documents (slug, title, body, places, seasons, activities, setting, youngest, oldest, venue)
select d.slug, d.title, d.body, d.places, d.seasons, d.activities, d.setting, d.youngest, d.oldest, d.venue
from jsonb_to_recordset(%(documents)s::jsonb) as d (
    slug text, title text, body text, places text[], seasons text[], activities text[],
    setting text, youngest smallint, oldest smallint, venue text
)
on conflict (slug) do update
set title = excluded.title, body = excluded.body, places = excluded.places, seasons = excluded.seasons,
    activities = excluded.activities, setting = excluded.setting, youngest = excluded.youngest, oldest = excluded.oldest,
    venue = excluded.venue
where (knowledge_documents.title, knowledge_documents.body, knowledge_documents.places, knowledge_documents.seasons,
       knowledge_documents.activities, knowledge_documents.setting, knowledge_documents.youngest, knowledge_documents.oldest,
       knowledge_documents.venue)
   is distinct from (excluded.title, excluded.body, excluded.places, excluded.seasons,
       excluded.activities, excluded.setting, excluded.youngest, excluded.oldest, excluded.venue);

-- name: drop_other_documents
-- Documents that the files no longer contain.
delete from knowledge_documents where slug <> all(%(slugs)s);

-- name: search
-- Documents that fit region, season and ages, best first: shared activities, terms, then how exactly the facets fit.
-- A few hundred rows of our own writing: a scan of the facets, knowledge_documents_search for the terms at more.
select slug, title, body, setting, places, seasons, youngest, oldest,
       (select array_agg(a) from unnest(activities) as a where a = any(%(activities)s)) as shared,
       (3.0 * least(2, cardinality(array(select unnest(activities) intersect select unnest(%(activities)s::text[]))))
        + 4.0 * ts_rank_cd(search, websearch_to_tsquery('english', %(words)s), 1)
        + case when not seasons && %(seasons)s then 0 when 'polar-day' = any(seasons) or 'polar-night' = any(seasons)
               then 2.5 else 1.5 end
        + case when places && array[%(country)s::text] then 3.0 when not places && %(places)s then 0
               when 'temperate' = any(places) then 0.5 else 2.5 end
        + case when setting = %(setting)s then 1.0 when setting = 'outdoor' then -2.0 else 0 end
        - 0.05 * greatest(0, oldest - youngest - 4))::float8 as score
from knowledge_documents
where venue is null and (cardinality(places) = 0 or places && %(places)s)
  and (cardinality(seasons) = 0 or seasons && %(seasons)s)
  and youngest <= %(oldest)s and oldest >= %(youngest)s
order by score desc, slug
limit %(most)s;

-- name: venues
-- Kinds of venues that fit, the most specific first (a scan of the few documents with a venue).
select slug, title, venue, setting
from knowledge_documents
where venue is not null and setting in (%(setting)s, 'either')
  and (cardinality(places) = 0 or places && %(places)s)
  and (cardinality(seasons) = 0 or seasons && %(seasons)s)
  and youngest <= %(oldest)s and oldest >= %(youngest)s
order by (cardinality(places) > 0)::int + (cardinality(seasons) > 0)::int desc, oldest - youngest, slug
limit %(most)s;

-- name: count_documents
-- How many there are.
select count(*) as documents from knowledge_documents;
