-- Families: guardians, their kids, and who is friends with whom.

create table guardians (
    id bigint generated always as identity primary key,
    name text not null,
    email text not null,
    password_hash text not null,
    role text not null default 'guardian',
    playdate_latitude double precision,
    playdate_longitude double precision,
    created_at timestamptz not null default now(),
    constraint guardians_name_length check (char_length(name) between 1 and 80),
    constraint guardians_name_is_no_address check (position('@' in name) = 0),
    constraint guardians_email_shape check (email = lower(email) and email like '_%@_%'),
    constraint guardians_role_known check (role in ('guardian', 'operator')),
    constraint guardians_point_whole check ((playdate_latitude is null) = (playdate_longitude is null)),
    constraint guardians_latitude_range check (playdate_latitude between -90 and 90),
    constraint guardians_longitude_range check (playdate_longitude >= -180 and playdate_longitude < 180)
);

create unique index guardians_name_key on guardians (lower(name));
create unique index guardians_email_key on guardians (email);

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
    constraint friend_links_state_known check (state in (0, 1, 2)),
    constraint friend_links_answered check ((state = 0) = (answered_at is null))
);

create unique index friend_links_pair on friend_links (least(asker_id, receiver_id), greatest(asker_id, receiver_id));
create index friend_links_asker on friend_links (asker_id, state);
create index friend_links_receiver on friend_links (receiver_id, state);

comment on column friend_links.state is '0 pending, 1 accepted, 2 refused';
