-- Documents about a kind of place to meet, found as places rather than as advice.

alter table knowledge_documents add column venue text
    constraint knowledge_documents_venue_length check (char_length(venue) between 1 and 60);
