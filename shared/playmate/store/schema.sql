-- The application's tables as all migrations together make them; a test compares the two.

-- Families: guardians, their kids, and who is friends with whom.

create table guardians (
    id bigint generated always as identity primary key,
    name text not null,
    role text not null default 'guardian',
    created_at timestamptz not null default now(),
    constraint guardians_name_length check (char_length(name) between 1 and 80),
    constraint guardians_name_is_no_address check (position('@' in name) = 0),
    constraint guardians_role_known check (role in ('guardian', 'operator'))
);
create index guardians_name on guardians (lower(name) text_pattern_ops);

-- The secrets of a sign-in, separate from the columns that friends may read. An account is found by its name's key, which
-- domain/names.py computes.
create table credentials (
    guardian_id bigint primary key references guardians on delete cascade,
    name_key text not null,
    email text not null,
    password_hash text not null,
    constraint credentials_email_shape check (email = lower(email) and email like '_%@_%')
);

create unique index credentials_name_key_key on credentials (name_key);
create unique index credentials_email_key on credentials (email);

-- Where a family likes to meet: its own and its friends' to know, not of those who have only been asked.
create table playdate_points (
    guardian_id bigint primary key references guardians on delete cascade,
    latitude double precision not null,
    longitude double precision not null,
    constraint playdate_points_latitude_range check (latitude between -90 and 90),
    constraint playdate_points_longitude_range check (longitude >= -180 and longitude < 180)
);

create table kids (
    id bigint generated always as identity primary key,
    guardian_id bigint not null references guardians on delete cascade,
    name text not null,
    age smallint not null,
    favorite_activity text not null,
    created_at timestamptz not null default now(),
    constraint kids_name_length check (char_length(name) between 1 and 80),
    constraint kids_age_range check (age between 0 and 17),
    constraint kids_activity_length check (char_length(favorite_activity) between 1 and 60)
);

create index kids_guardian on kids (guardian_id);

-- One row for each unordered pair: two guardians who ask each other at the same moment share it.
create table friend_links (
    id bigint generated always as identity primary key,
    asker_id bigint not null references guardians on delete cascade,
    receiver_id bigint not null references guardians on delete cascade,
    state smallint not null default 0,
    asked_at timestamptz not null default now(),
    answered_at timestamptz,
    constraint friend_links_two_guardians check (asker_id <> receiver_id),
    constraint friend_links_state_known check (state in (0, 1, 2, 3)),
    constraint friend_links_answered check ((state = 0) = (answered_at is null))
);

create unique index friend_links_pair on friend_links (least(asker_id, receiver_id), greatest(asker_id, receiver_id));
create index friend_links_asker on friend_links (asker_id, state);
create index friend_links_receiver on friend_links (receiver_id, state);

comment on column friend_links.state is '0 pending, 1 accepted, 2 refused, 3 refused and withdrawn by the asker';

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

-- The documents of the local insight agent, with facets. An empty facet fits everywhere.

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
    venue text,
    search tsvector not null generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'C')
    ) stored,
    constraint knowledge_documents_setting_known check (setting in ('outdoor', 'indoor', 'either')),
    constraint knowledge_documents_venue_length check (char_length(venue) between 1 and 60),
    constraint knowledge_documents_ages check (youngest between 0 and oldest and oldest <= 17)
);

create index knowledge_documents_search on knowledge_documents using gin (search);
create index knowledge_documents_activities on knowledge_documents using gin (activities);

-- The suggestions to a family, how far it travels, and since when the plan is out of date. Triggers on friend_links, kids,
-- availability_calendars and playdate_points keep changed_at and take out suggestions that may not be shown any more.
create table plans (
    guardian_id bigint primary key references guardians (id) on delete cascade,
    reach_km smallint not null default 15 constraint plans_reach_km check (reach_km between 1 and 1000),
    home_zone text,
    planned_at timestamptz,
    changed_at timestamptz,
    message text,
    suggestions jsonb not null default '[]',
    too_far jsonb not null default '[]'
);

-- The newest recommendations of a guardian about a friend, or about a family with an open request. They are outdated when
-- `changes` is above `made_changes`. Triggers on friend_links, kids, availability_calendars, playdate_points and plans count
-- the changes. `starts_at` is the earliest time that the result proposes.
create table friend_recommendations (
    guardian_id bigint not null references guardians (id) on delete cascade,
    friend_id bigint not null references guardians (id) on delete cascade,
    task_id uuid,
    made_at timestamptz,
    result jsonb,
    changes bigint not null default 1,
    made_changes bigint not null default 0,
    asked_changes bigint not null default 0,
    changed_at timestamptz not null default now(),
    asked_at timestamptz,
    starts_at timestamptz,
    primary key (guardian_id, friend_id)
);
create index friend_recommendations_friend on friend_recommendations (friend_id);
create index friend_recommendations_starts on friend_recommendations (starts_at) where starts_at is not null;

-- Playdates that families agree on. A trigger refuses a guest for whom there is no seat.
create table playdates (
    id bigint generated always as identity primary key,
    host_id bigint not null references guardians (id) on delete cascade,
    title text not null,
    activity text not null,
    location_name text not null,
    description text,
    notes text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    status text not null default 'scheduled',
    -- Seats for guest families; null for any number.
    max_guests smallint,
    -- One more with each new time: a reminder of an earlier version does nothing.
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint playdates_title_length check (char_length(title) between 1 and 120),
    constraint playdates_activity_length check (char_length(activity) between 1 and 60),
    constraint playdates_location_length check (char_length(location_name) between 1 and 120),
    constraint playdates_texts_length check (char_length(description) <= 2000 and char_length(notes) <= 2000),
    constraint playdates_forward check (starts_at < ends_at),
    constraint playdates_status_known check (status in ('scheduled', 'closed', 'cancelled')),
    constraint playdates_seats check (max_guests between 1 and 50)
);
create index playdates_host on playdates (host_id, starts_at);

create table playdate_participants (
    id bigint generated always as identity primary key,
    playdate_id bigint not null references playdates (id) on delete cascade,
    guardian_id bigint not null references guardians (id) on delete cascade,
    role text not null,
    status text not null,
    -- While pending: the side that has to answer.
    asked text,
    keeps_seat boolean not null default false,
    joined_at timestamptz not null default now(),
    decision_note text,
    constraint playdate_participants_once unique (playdate_id, guardian_id),
    constraint playdate_participants_role_known check (role in ('host', 'guest')),
    constraint playdate_participants_status_known check (status in ('pending', 'approved', 'rejected', 'left')),
    constraint playdate_participants_asked check (coalesce(asked in ('host', 'guest'), false) = (status = 'pending')),
    constraint playdate_participants_seat check (not keeps_seat or status = 'pending'),
    constraint playdate_participants_note_length check (char_length(decision_note) <= 500)
);
create index playdate_participants_guardian on playdate_participants (guardian_id);
