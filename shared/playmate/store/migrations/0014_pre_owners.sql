-- Operators find the account of a name in a support request.

create index guardians_name on guardians (lower(name) text_pattern_ops);

-- Accounts whose name begins with a text, by name; ten at most. With the rights of the tables' owner: row-level security shows
-- the API no other accounts. The route that calls it is open to operators alone.
create function owners_named(beginning text) returns table (id bigint, name text)
language sql stable security definer set search_path = public, pg_temp as $$
    select g.id, g.name from guardians as g
    where lower(g.name) like replace(replace(replace(lower(beginning), '\', '\\'), '%', '\%'), '_', '\_') || '%'
    order by lower(g.name), g.id limit 10;
$$;

revoke execute on function owners_named from public;
grant execute on function owners_named to orchestrator_operator;
