-- One sender at a time for each connection, so that updates are neither doubled nor out of order.
ALTER TABLE socket_connections
  ADD COLUMN busy_until timestamptz,              -- a sender has it until then
  ADD COLUMN again boolean NOT NULL DEFAULT false; -- something happened meanwhile: the sender looks once more
