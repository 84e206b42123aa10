-- A name is compared by its key only: the new code writes no look.
alter table credentials alter column name_look drop not null;
