-- When families are free, and the times already proposed to them.

create table availability_calendars (
    guardian_id bigint primary key references guardians on delete cascade,
    time_zone text not null,
    updated_at timestamptz not null default now(),
    constraint availability_calendars_zone_length check (char_length(time_zone) between 1 and 64)
);

-- Minutes of the day on the calendar's clock; weekday 1 is Monday, 7 Sunday.
create table availability_windows (
    guardian_id bigint not null references availability_calendars on delete cascade,
    weekday smallint not null,
    starts smallint not null,
    ends smallint not null,
    primary key (guardian_id, weekday, starts),
    constraint availability_windows_weekday_range check (weekday between 1 and 7),
    constraint availability_windows_within_day check (starts >= 0 and ends <= 1440),
    constraint availability_windows_forward check (starts < ends)
);

-- The newest time proposed to two kids of different families; the kid of the lower id stands first.
create table playdate_proposals (
    kid_id bigint not null references kids on delete cascade,
    match_kid_id bigint not null references kids on delete cascade,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    proposed_at timestamptz not null default now(),
    primary key (kid_id, match_kid_id),
    constraint playdate_proposals_in_order check (kid_id < match_kid_id),
    constraint playdate_proposals_forward check (starts_at < ends_at)
);

create index playdate_proposals_match on playdate_proposals (match_kid_id);
