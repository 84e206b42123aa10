alter table credentials drop column name_look;
