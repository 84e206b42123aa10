-- Where a family likes to meet: its own and its friends' to know, not of those who have only been asked.

create table playdate_points (
    guardian_id bigint primary key references guardians on delete cascade,
    latitude double precision not null,
    longitude double precision not null,
    constraint playdate_points_latitude_range check (latitude between -90 and 90),
    constraint playdate_points_longitude_range check (longitude >= -180 and longitude < 180)
);

insert into playdate_points (guardian_id, latitude, longitude)
select id, playdate_latitude, playdate_longitude from guardians where playdate_latitude is not null;

grant select on playdate_points to orchestrator_api;
grant select, insert (guardian_id, latitude, longitude), update (latitude, longitude) on playdate_points to orchestrator_worker;

alter table playdate_points enable row level security;
create policy own_point on playdate_points for select to orchestrator_api using (guardian_id = acting_guardian());
create policy friends_points on playdate_points for select to orchestrator_api using (
    exists (
        select from friend_links as l
        where least(l.asker_id, l.receiver_id) = least(playdate_points.guardian_id, acting_guardian())
          and greatest(l.asker_id, l.receiver_id) = greatest(playdate_points.guardian_id, acting_guardian()) and l.state = 1
    )
);
create policy all_points on playdate_points for select to orchestrator_worker using (true);
create policy new_point on playdate_points for insert to orchestrator_worker with check (guardian_id = acting_guardian());
create policy moved_point on playdate_points for update to orchestrator_worker using (guardian_id = acting_guardian());
