-- A redrive at a rate is a row too, in stages or not: it lets go a minute's worth at a time, so that it can be stopped.
ALTER TABLE redrives
  ADD COLUMN canary boolean NOT NULL DEFAULT true, -- in stages, and stopped by a failure
  ADD COLUMN paced_until timestamptz,              -- what was let go falls due one by one until then
  ADD COLUMN failed_task uuid;                     -- the one that stopped it
