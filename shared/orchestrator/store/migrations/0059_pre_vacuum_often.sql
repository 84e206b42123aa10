-- Vacuum the tables that retention deletes from at 2 % of dead rows instead of a fifth, so that each vacuum is short.
ALTER TABLE agent_tasks SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE agent_task_events SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
