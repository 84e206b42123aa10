-- A step that is begun again counts its tries, and a checkpoint replaces the one before.
GRANT UPDATE (token, result) ON agent_task_steps TO orchestrator_worker;
